import type pg from 'pg';
import { cancellable } from '../compaction/cancellable.ts';
import { partitionName } from '../statements/partition.ts';

/** A document that exists, by the oplog, with its row. */
export interface NewestRow {
  readonly docId: string;
  readonly data: string;
}

/** The newest entry of a document; `data` null is a Delete. */
export interface NewestEntry {
  readonly docId: string;
  readonly id: number;
  readonly data: string | null;
}

/** Which documents to read, in pages of how many. */
export interface NewestRequest {
  readonly entityId: number;
  readonly pageRows: number;
  readonly signal: AbortSignal;
}

/** Between two pages the reader may pause, but not for as long as this. */
const pauseMax = '60s';

/**
 * Calls `each` with every document that exists by the oplog, ordered by the bytes of its DocID, in pages. One snapshot and one
 * sort of the partition: an index by document would cost more at each append than this costs at night (decision 0002).
 */
export async function readNewest(
  pool: pg.Pool,
  { entityId, pageRows, signal }: NewestRequest,
  each: (page: readonly NewestRow[]) => Promise<void>,
): Promise<void> {
  const sql = `
    SELECT newest.doc_id AS "docId", newest.data
      FROM (SELECT DISTINCT ON (doc_id COLLATE "C") doc_id, operation, data FROM ${partitionName(entityId)}
             ORDER BY doc_id COLLATE "C", id DESC) AS newest
     WHERE newest.operation = 'Upsert'`;
  await cancellable(pool, signal, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = '${pauseMax}'`);
    await client.query(`DECLARE newest NO SCROLL CURSOR FOR ${sql}`);
    for (;;) {
      const page = await client.query<NewestRow>(`FETCH ${pageRows} FROM newest`);
      if (page.rows.length > 0) await each(page.rows);
      if (page.rows.length < pageRows) break;
      signal.throwIfAborted();
    }
    await client.query('COMMIT');
  });
}

/** The newest entries of some documents; those without an entry are absent. Reads the partition once. */
export async function newestOf(
  pool: pg.Pool,
  { entityId, docIds }: { readonly entityId: number; readonly docIds: readonly string[] },
): Promise<readonly NewestEntry[]> {
  const answer = await pool.query<NewestEntry>(
    `SELECT DISTINCT ON (doc_id) doc_id AS "docId", id, CASE operation WHEN 'Upsert' THEN data END AS data
       FROM ${partitionName(entityId)} WHERE doc_id = ANY ($1::text[]) ORDER BY doc_id, id DESC`,
    [docIds],
  );
  return answer.rows;
}
