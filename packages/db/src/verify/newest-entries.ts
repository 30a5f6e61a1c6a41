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

/** The id of the newest entry of a document. */
export type NewestId = Pick<NewestEntry, 'docId' | 'id'>;

/** Which documents to read, in pages of how many. */
export interface NewestRequest {
  readonly entityId: number;
  readonly pageRows: number;
  readonly signal: AbortSignal;
}

/** Between two pages the reader may pause, but not for as long as this. */
const pauseMax = '60s';

/**
 * Calls `each` with every document that exists by the oplog, ordered by the bytes of its DocID, in pages, until it resolves with
 * false. One snapshot and one sort of the partition, without the rows, which each page adds: an index by document would cost more
 * at each append than this costs at night (decision 0002).
 */
export async function readNewest(
  pool: pg.Pool,
  { entityId, pageRows, signal }: NewestRequest,
  each: (page: readonly NewestRow[]) => Promise<boolean>,
): Promise<void> {
  const sql = `
    SELECT newest.doc_id AS "docId", newest.id
      FROM (SELECT DISTINCT ON (doc_id COLLATE "C") doc_id, id, operation FROM ${partitionName(entityId)}
             ORDER BY doc_id COLLATE "C", id DESC) AS newest
     WHERE newest.operation = 'Upsert'`;
  await cancellable(pool, signal, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = '${pauseMax}'`);
    await client.query(`DECLARE newest NO SCROLL CURSOR FOR ${sql}`);
    const nextPage = async (): Promise<boolean> => {
      signal.throwIfAborted();
      const { rows } = await client.query<NewestId>(`FETCH ${pageRows} FROM newest`);
      if (rows.length === 0) return false;
      return (await each(await withData(client, entityId, rows))) && rows.length === pageRows;
    };
    let isMore = true;
    while (isMore) isMore = await nextPage();
    await client.query('COMMIT');
  });
}

async function withData(client: pg.PoolClient, entityId: number, page: readonly NewestId[]): Promise<NewestRow[]> {
  const data = await dataOf(client, { entityId, ids: page.map(({ id }) => id) });
  return page.map(({ docId, id }) => ({ docId, data: data.get(id) ?? '' }));
}

/** The rows of some entries by id; null for a Delete. Entries that are gone are absent. */
export async function dataOf(
  connection: Pick<pg.ClientBase, 'query'> | pg.Pool,
  { entityId, ids }: { readonly entityId: number; readonly ids: readonly number[] },
): Promise<ReadonlyMap<number, string | null>> {
  const answer = await connection.query<{ id: number; data: string | null }>(
    `SELECT id, data FROM ${partitionName(entityId)} WHERE id = ANY ($1::bigint[])`,
    [ids],
  );
  return new Map(answer.rows.map(({ id, data }) => [id, data]));
}

/** The ids of the newest entries of some documents; those without an entry are absent. Reads the partition once. */
export async function newestIdsOf(
  pool: pg.Pool,
  { entityId, docIds }: { readonly entityId: number; readonly docIds: readonly string[] },
): Promise<readonly NewestId[]> {
  const answer = await pool.query<NewestId>(
    `SELECT doc_id AS "docId", max(id) AS id FROM ${partitionName(entityId)} WHERE doc_id = ANY ($1::text[]) GROUP BY doc_id`,
    [docIds],
  );
  return answer.rows;
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
