import type { OplogEntry } from '@emcachers/core/operation';
import type pg from 'pg';
import { type EntryRow, toEntry } from './read-page.ts';

/** Which entries to show; at most `limit`. */
export interface TailRequest {
  readonly entityId: number;
  /** Returns entries with lower ids; null starts at the head. */
  readonly before: number | null;
  readonly limit: number;
}

/** An entity's newest entries, newest first, for display. */
export async function readTail(pool: pg.Pool, request: TailRequest): Promise<readonly OplogEntry[]> {
  const answer = await pool.query<EntryRow>(
    `SELECT id, entity_id, operation, doc_id, data, version, source_time_ms,
            (extract(epoch FROM created_at) * 1000)::float8 AS created_at_ms, unit
       FROM oplog WHERE entity_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [request.entityId, request.before, request.limit],
  );
  return answer.rows.map(toEntry);
}
