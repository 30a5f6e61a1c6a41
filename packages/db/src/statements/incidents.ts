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

/** Opens an incident of an entity. Its subject is `entity:<name>`. */
export async function openEntityIncident(
  client: pg.PoolClient,
  { entityId, errorCode, detail }: { entityId: number; errorCode: string; detail: string },
): Promise<void> {
  const answer = await client.query<{ name: string }>('SELECT name FROM entity WHERE id = $1', [entityId]);
  await openIncident(client, { subject: `entity:${answer.rows[0]?.name}`, errorCode, detail });
}

/** Closes the incidents of an entity, unless its sweep was refused. Called when it becomes live. */
export async function closeEntityIncidents(client: pg.PoolClient, entityId: number): Promise<void> {
  await client.query(
    `UPDATE incident i SET closed_at = now() FROM entity e
      WHERE e.id = $1 AND i.subject = 'entity:' || e.name AND i.closed_at IS NULL AND e.error_code IS NULL`,
    [entityId],
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
