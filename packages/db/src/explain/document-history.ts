import type pg from 'pg';
import { millis } from '../control/entity-record.ts';
import { toDatabaseError } from '../database-error.ts';
import { partitionName } from '../statements/partition.ts';

/** One entry of a document. `data` is the row, of the newest entry only; null is a Delete. Times are milliseconds since 1970. */
export interface HistoryEntry {
  readonly docId: string;
  readonly id: number;
  readonly operation: 'Upsert' | 'Delete';
  readonly version: number;
  readonly createdAtMs: number;
  readonly data: string | null;
}

/** What the dead letter of a document says. */
export interface HistoryLetter {
  readonly docId: string;
  readonly errorCode: string;
  readonly error: string;
  readonly attempts: number;
}

/** Everything that PostgreSQL has of some documents of an entity. */
export interface DocumentHistory {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  readonly letters: readonly HistoryLetter[];
}

/** Most entries of one answer. */
const entriesMax = 50;

/** Reads the partition once, as there is no index by document. One snapshot. */
export async function documentHistory(
  pool: pg.Pool,
  { entityId, docIds }: { readonly entityId: number; readonly docIds: readonly string[] },
): Promise<DocumentHistory> {
  const sql = `
    SELECT COALESCE((SELECT json_agg(entry ORDER BY entry.id DESC) FROM
             (SELECT doc_id AS "docId", id, operation, version, ${millis('created_at')} AS "createdAtMs",
                     CASE row_number() OVER (PARTITION BY doc_id ORDER BY id DESC) WHEN 1 THEN data END AS data
                FROM ${partitionName(entityId)} WHERE doc_id = ANY ($1::text[]) ORDER BY id DESC LIMIT ${entriesMax}) AS entry), '[]') AS entries,
           COALESCE((SELECT json_agg(letter) FROM
             (SELECT doc_id AS "docId", error_code AS "errorCode", reason AS error, attempts
                FROM dead_letter WHERE entity_id = $2 AND doc_id = ANY ($1::text[])) AS letter), '[]') AS letters`;
  const answer = await pool.query<DocumentHistory>(sql, [docIds, entityId]).catch((error: unknown) => {
    throw toDatabaseError(error);
  });
  return answer.rows[0] ?? { entries: [], letters: [] };
}

/** The time up to which a stream has passed MongoDB's changes, as a BSON timestamp; null before the first position. */
export async function passedTimeOf(pool: pg.Pool, streamId: number): Promise<bigint | null> {
  const answer = await pool
    .query<{ time: string | null }>(
      'SELECT GREATEST(cluster_time, passed_time)::text AS time FROM mongo_resume_token WHERE stream_id = $1',
      [streamId],
    )
    .catch((error: unknown) => {
      throw toDatabaseError(error);
    });
  const time = answer.rows[0]?.time ?? null;
  return time === null ? null : BigInt(time);
}
