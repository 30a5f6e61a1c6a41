import type pg from 'pg';
import type { Database } from '../database.ts';
import { queryRows } from '../query-rows.ts';
import { inTransaction } from '../transaction.ts';
import { type Asker, writeAudit } from './audit.ts';

/** One incident as stored. `subject`: `mongodb`, `postgresql`, `stream:<name>`, `node:<id>` or `entity:<name>`. */
export interface IncidentRecord {
  readonly id: number;
  readonly subject: string;
  readonly errorCode: string;
  readonly detail: string;
  readonly openedAt: Date;
  readonly lastSeenAt: Date;
  /** Null while it is open. */
  readonly closedAt: Date | null;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  /** Names, not all of them if `entityCount` is larger. */
  readonly entities: readonly string[];
  readonly entityCount: number;
  readonly nodes: readonly string[];
  readonly times: number;
}

/** Which incidents to read: those with an id below `before` (null: the newest), open or closed ones or both (null), of one entity or of all (null). */
export interface IncidentFilter {
  readonly before: number | null;
  readonly isOpen: boolean | null;
  readonly entityName: string | null;
  readonly limit: number;
}

const fields = `id, subject, error_code AS "errorCode", detail, opened_at AS "openedAt", last_seen_at AS "lastSeenAt",
       closed_at AS "closedAt", acknowledged_at AS "acknowledgedAt", acknowledged_by AS "acknowledgedBy", entities,
       entity_count AS "entityCount", nodes, times`;

/** Newest first. Names are case-insensitive. Errors: EMC-3001. */
export function readIncidents(pool: pg.Pool, filter: IncidentFilter): Promise<readonly IncidentRecord[]> {
  return queryRows<IncidentRecord>(
    pool,
    `SELECT ${fields}
       FROM incident
      WHERE ($1::bigint IS NULL OR id < $1) AND ($2::boolean IS NULL OR (closed_at IS NULL) = $2)
        AND ($3::text IS NULL OR lower(subject) = 'entity:' || lower($3)
             OR EXISTS (SELECT 1 FROM unnest(entities) AS name WHERE lower(name) = lower($3)))
      ORDER BY id DESC LIMIT $4`,
    [filter.before, filter.isOpen, filter.entityName, filter.limit],
  );
}

/**
 * Notes that an operator knows of the incident, with the audit, in one transaction. It stays open. The first acknowledgement stays; a
 * repeated one changes nothing. Null if there is no such incident. Errors: EMC-3001.
 */
export function acknowledgeIncident(database: Database, id: number, asker: Asker): Promise<IncidentRecord | null> {
  return inTransaction(database.pool, async (client) => {
    await client.query('BEGIN');
    const changed = await client.query<{ subject: string; errorCode: string }>(
      `UPDATE incident SET acknowledged_at = now(), acknowledged_by = $2 WHERE id = $1 AND acknowledged_at IS NULL
       RETURNING subject, error_code AS "errorCode"`,
      [id, asker.actor],
    );
    const [incident] = changed.rows;
    if (incident !== undefined)
      await writeAudit(client, asker, {
        action: 'acknowledge',
        entityName: incident.subject.startsWith('entity:') ? incident.subject.slice('entity:'.length) : null,
        detail: { incidentId: id, ...incident },
      });
    const answer = await client.query<IncidentRecord>(`SELECT ${fields} FROM incident WHERE id = $1`, [id]);
    await client.query('COMMIT');
    return answer.rows[0] ?? null;
  });
}
