import type pg from 'pg';
import { queryRows } from '../query-rows.ts';

/** One incident as stored. `subject`: a stage, such as `change-source`, or `entity:<name>`. */
export interface IncidentRecord {
  readonly id: number;
  readonly subject: string;
  readonly errorCode: string;
  readonly detail: string;
  readonly openedAt: Date;
  /** Null while it is open. */
  readonly closedAt: Date | null;
}

/** Which incidents to read: those with an id below `before` (null: the newest), open or closed ones or both (null), of one entity or of all (null). */
export interface IncidentFilter {
  readonly before: number | null;
  readonly isOpen: boolean | null;
  readonly entityName: string | null;
  readonly limit: number;
}

/** Newest first. Names are case-insensitive. Errors: EMC-3001. */
export function readIncidents(pool: pg.Pool, filter: IncidentFilter): Promise<readonly IncidentRecord[]> {
  return queryRows<IncidentRecord>(
    pool,
    `SELECT id, subject, error_code AS "errorCode", detail, opened_at AS "openedAt", closed_at AS "closedAt"
       FROM incident
      WHERE ($1::bigint IS NULL OR id < $1) AND ($2::boolean IS NULL OR (closed_at IS NULL) = $2)
        AND ($3::text IS NULL OR lower(subject) = 'entity:' || lower($3))
      ORDER BY id DESC LIMIT $4`,
    [filter.before, filter.isOpen, filter.entityName, filter.limit],
  );
}
