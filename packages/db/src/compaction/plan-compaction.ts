import type pg from 'pg';
import { partitionName } from '../statements/partition.ts';
import { cancellable } from './cancellable.ts';

/** What to compact: the entries after `compactedTo` up to `sliceTo`, against all entries before them. */
export interface CompactionRequest {
  readonly entityId: number;
  readonly compactedTo: number;
  readonly sliceTo: number;
  readonly idsMax: number;
}

/** Which Deletes to remove: those up to `purgeTo` that are older than `tombstoneMs`. */
export interface PurgeRequest {
  readonly entityId: number;
  readonly purgeTo: number;
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
 * the plan stays right while the entity changes. Ids come as bytes, eight for each, which costs less memory than rows.
 */
const supersededSql = (partition: string): string => `
  WITH newest AS (
    SELECT doc_id, max(id) AS id FROM ${partition} WHERE id > $1 AND id <= $2 GROUP BY doc_id
  )
  SELECT string_agg(int8send(id), ''::bytea ORDER BY id) AS ids
    FROM (SELECT o.id
            FROM ${partition} o JOIN newest n ON n.doc_id = o.doc_id
           WHERE o.id <= $2 AND n.id > o.id
           ORDER BY o.id LIMIT $3) AS removable`;

const oldDeletesSql = (partition: string): string => `
  SELECT string_agg(int8send(id), ''::bytea ORDER BY id) AS ids
    FROM (SELECT id FROM ${partition}
           WHERE id <= $1 AND operation = 'Delete' AND created_at < now() - $2 * interval '1 millisecond'
           ORDER BY id LIMIT $3) AS removable`;

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

/** Finds the superseded entries. Rejects with EMC-3001 if the signal aborts. */
export function planCompaction(
  pool: pg.Pool,
  { entityId, compactedTo, sliceTo, idsMax }: CompactionRequest,
  signal: AbortSignal,
): Promise<CompactionPlan> {
  const sql = supersededSql(partitionName(entityId));
  return plan(pool, { sql, values: [compactedTo, sliceTo], idsMax }, signal);
}

/** Finds the old Deletes. Rejects with EMC-3001 if the signal aborts. */
export function planPurge(
  pool: pg.Pool,
  { entityId, purgeTo, tombstoneMs, idsMax }: PurgeRequest,
  signal: AbortSignal,
): Promise<CompactionPlan> {
  const sql = oldDeletesSql(partitionName(entityId));
  return plan(pool, { sql, values: [purgeTo, tombstoneMs], idsMax }, signal);
}

interface Search {
  readonly sql: string;
  readonly values: readonly number[];
  readonly idsMax: number;
}

async function plan(pool: pg.Pool, { sql, values, idsMax }: Search, signal: AbortSignal): Promise<CompactionPlan> {
  const bytes = await cancellable(pool, signal, async (client) => {
    await client.query(settings);
    const answer = await client.query<{ ids: Buffer | null }>(sql, [...values, idsMax]);
    await client.query('COMMIT');
    return answer.rows[0]?.ids ?? Buffer.alloc(0);
  });
  const ids = Array.from({ length: bytes.length / idBytes }, (_, index) =>
    Number(bytes.readBigInt64BE(index * idBytes)),
  );
  return { ids, isComplete: ids.length < idsMax };
}
