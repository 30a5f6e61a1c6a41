import type pg from 'pg';
import { partitionName } from '../statements/partition.ts';
import { cancellable } from './cancellable.ts';

/** What to compact: the entries after `compactedTo` up to `sliceTo`, against all entries before them. */
export interface CompactionRequest {
  readonly entityId: number;
  readonly compactedTo: number;
  readonly sliceTo: number;
  /** A Delete that is older than this is removed. */
  readonly tombstoneMs: number;
  readonly idsMax: number;
}

/** Ids of removable entries, ascending. */
export interface CompactionPlan {
  readonly ids: readonly number[];
  /** False if there are more than `idsMax`: the same request finds them after these are removed. */
  readonly isComplete: boolean;
}

/**
 * Up to `compactedTo` each document has one entry, so an entry is superseded exactly if its document has a newer one in the
 * slice: one pass over the entries, with a hash table of the slice's documents. A hash table of a bounded slice, because an index by document
 * would halve the append rate (docs/decisions/0002-oplog-indexes.md). Locks nothing that others wait for; an entry that is superseded stays superseded, so
 * the plan stays right while the entity changes. The ids are ascending: of one document, the older entry goes first, and
 * a Delete never before an Upsert that it supersedes. They come as bytes, eight per id, which costs less memory than rows.
 */
const sql = (partition: string): string => `
  WITH newest AS (
    SELECT doc_id, max(id) AS id FROM ${partition} WHERE id > $1 AND id <= $2 GROUP BY doc_id
  )
  SELECT string_agg(int8send(id), ''::bytea ORDER BY id) AS ids
    FROM (SELECT o.id
            FROM ${partition} o LEFT JOIN newest n ON n.doc_id = o.doc_id
           WHERE o.id <= $2
             AND (n.id > o.id OR (o.operation = 'Delete' AND o.created_at < now() - $3 * interval '1 millisecond'))
           ORDER BY o.id LIMIT $4) AS removable`;

// One core and bounded memory, because this runs beside appends. And no plan but the hash join: right after a scan the partition has no
// statistics, and any other one would compare every entry with every document of the slice.
const settings = [
  'BEGIN READ ONLY',
  "SET LOCAL work_mem = '32MB'",
  'SET LOCAL max_parallel_workers_per_gather = 0',
  'SET LOCAL enable_nestloop = off',
  'SET LOCAL enable_mergejoin = off',
].join('; ');

const idBytes = 8;

/** Finds the entries to remove. Rejects with EMC-3001 if the signal aborts. */
export async function planCompaction(
  pool: pg.Pool,
  request: CompactionRequest,
  signal: AbortSignal,
): Promise<CompactionPlan> {
  const { entityId, compactedTo, sliceTo, tombstoneMs, idsMax } = request;
  const bytes = await cancellable(pool, signal, async (client) => {
    await client.query(settings);
    const values = [compactedTo, sliceTo, tombstoneMs, idsMax];
    const answer = await client.query<{ ids: Buffer | null }>(sql(partitionName(entityId)), values);
    await client.query('COMMIT');
    return answer.rows[0]?.ids ?? Buffer.alloc(0);
  });
  const ids = Array.from({ length: bytes.length / idBytes }, (_, index) =>
    Number(bytes.readBigInt64BE(index * idBytes)),
  );
  return { ids, isComplete: ids.length < idsMax };
}
