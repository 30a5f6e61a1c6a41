import type pg from 'pg';
import { partitionName } from '../statements/partition.ts';
import type { SafePlace } from './safe-place.ts';

/** How far an entity's oplog has been compacted. */
export interface CompactionState {
  /** Up to here the entity has at most one entry for each document. */
  readonly compactedTo: number;
  /** Entries up to `compactedTo`. */
  readonly kept: number;
  /** True if Deletes among them may have become old enough to be removed since the newest run. */
  readonly hasOldTombstones: boolean;
}

/** The state of an entity that was never compacted is zero. Null if the entity does not exist. */
export async function readCompaction(
  pool: pg.Pool,
  request: { readonly entityId: number; readonly tombstoneMs: number },
): Promise<CompactionState | null> {
  await pool.query(
    `INSERT INTO oplog_compaction (entity_id) SELECT id FROM entity WHERE id = $1 ON CONFLICT DO NOTHING`,
    [request.entityId],
  );
  const answer = await pool.query<CompactionState>(
    `SELECT compacted_to AS "compactedTo", kept,
            tombstones > 0 AND COALESCE(finished_at, now()) < now() - $2 * interval '1 millisecond' AS "hasOldTombstones"
       FROM oplog_compaction WHERE entity_id = $1`,
    [request.entityId, request.tombstoneMs],
  );
  return answer.rows[0] ?? null;
}

/** The oldest entries after a place, which are compacted together. */
export interface Slice {
  /** The last of them, or the place itself if there are none. */
  readonly to: number;
  readonly entries: number;
  readonly deletes: number;
}

/** At most `entriesMax` entries with ids above `after`, up to `upTo`. */
export async function readSlice(
  pool: pg.Pool,
  request: { readonly entityId: number; readonly after: number; readonly upTo: number; readonly entriesMax: number },
): Promise<Slice> {
  const { entityId, after, upTo, entriesMax } = request;
  const answer = await pool.query<Slice>(
    `SELECT COALESCE(max(id), $1) AS "to", count(*) AS entries, count(*) FILTER (WHERE operation = 'Delete') AS deletes
       FROM (SELECT id, operation FROM ${partitionName(entityId)} WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS slice`,
    [after, upTo, entriesMax],
  );
  return answer.rows[0] ?? { to: after, entries: 0, deletes: 0 };
}

/** Entries after `compactedTo` are counted up to this number. */
const countMax = 2_000_000;

/** Saves the size of the entity's oplog for operators, and the node that holds compaction back, if entries wait for it for more than a minute. */
export async function measureOplog(
  pool: pg.Pool,
  measured: { readonly entityId: number; readonly safe: SafePlace },
): Promise<void> {
  const partition = partitionName(measured.entityId);
  await pool.query(
    `UPDATE oplog_compaction c
        SET entries = c.kept + (SELECT count(*) FROM (SELECT 1 FROM ${partition} o
                                                       WHERE o.id > c.compacted_to LIMIT ${countMax}) AS bounded),
            bytes = pg_total_relation_size('${partition}'), measured_at = now(),
            held_by = CASE WHEN (SELECT o.created_at FROM ${partition} o WHERE o.id > $3 ORDER BY o.id LIMIT 1)
                                < now() - interval '1 minute' THEN $2 END
      WHERE entity_id = $1`,
    [measured.entityId, measured.safe.heldBy, measured.safe.offset],
  );
}
