import type pg from 'pg';

/** What went wrong, for operators. An incident of the same subject and code is open at most once. */
export interface Incident {
  /** The stage or entity that it concerns, for example `change-source`. */
  readonly subject: string;
  readonly errorCode: string;
  readonly detail: string;
}

/** Opens an incident, or gives the open one the newest detail. */
export async function openIncident(client: pg.PoolClient, incident: Incident): Promise<void> {
  await client.query(
    `INSERT INTO incident (subject, error_code, detail) VALUES ($1, $2, $3)
     ON CONFLICT (subject, error_code) WHERE closed_at IS NULL DO UPDATE SET detail = EXCLUDED.detail`,
    [incident.subject, incident.errorCode, incident.detail],
  );
}

/** Closes the incidents of the change source once no entity has to be scanned any more. */
export async function closeSourceIncidents(client: pg.PoolClient): Promise<void> {
  await client.query(
    `UPDATE incident SET closed_at = now()
      WHERE subject = 'change-source' AND closed_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM entity WHERE lifecycle IN ('pending', 'scanning', 'catching-up'))`,
  );
}
