import type pg from 'pg';
import { beginAppend } from '../statements/begin-append.ts';
import { commitAppend } from '../statements/commit-append.ts';
import { partitionName } from '../statements/partition.ts';
import { inTransaction } from '../transaction.ts';
import { readSafePlace } from './safe-place.ts';

/** The slice that is being compacted, by the leader of an epoch. */
export interface CompactedSlice {
  readonly epoch: number;
  readonly entityId: number;
  readonly compactedTo: number;
  readonly sliceTo: number;
  /** What the entity's horizon becomes, unless it is higher. */
  readonly horizon: number;
  readonly giveUpMs: number;
}

/** What was removed. `ofSlice`: entries with ids above `compactedTo`. */
export interface Removed {
  readonly entries: number;
  readonly entriesOfSlice: number;
  readonly deletesOfSlice: number;
}

/**
 * `held`: a cache that compaction waits for has not applied the slice, for example because it is being rebuilt. `not-live`: the
 * entity is not live. During a scan, entries and Deletes say what the stream has changed since the scan began.
 */
export type RemovalOutcome =
  | { readonly kind: 'removed'; readonly removed: Removed }
  | { readonly kind: 'held' | 'not-live' };

/**
 * Removes planned entries and moves the horizon in the same transaction: no removed entry is above it, so a reader at or above it
 * has read all of them. Holds the entity's row shared, as an append does, and no lock
 * that an append waits for. Fails with EMC-3002 if the epoch has been superseded.
 */
export function removeEntries(pool: pg.Pool, slice: CompactedSlice, ids: readonly number[]): Promise<RemovalOutcome> {
  return inTransaction(pool, async (client) => {
    const obstacle = await obstacleOf(client, slice);
    if (obstacle !== null) {
      await client.query('ROLLBACK');
      return { kind: obstacle };
    }
    const answer = await client.query<Removed>(removeSql(partitionName(slice.entityId)), [
      slice.entityId,
      ids,
      slice.compactedTo,
      slice.horizon,
    ]);
    const [removed] = answer.rows;
    if (removed === undefined) throw new Error('The entity has no compaction state.');
    await commitAppend(client, { epoch: slice.epoch, appended: false, controlChanged: false });
    return { kind: 'removed', removed };
  });
}

async function obstacleOf(client: pg.PoolClient, slice: CompactedSlice): Promise<'held' | 'not-live' | null> {
  const { epoch, entityId } = slice;
  const targets = await beginAppend(client, { epoch, entityIds: [entityId], lock: 'share', appends: false });
  if (targets.get(entityId)?.lifecycle !== 'live') return 'not-live';
  const safe = await readSafePlace(client, slice);
  return safe.offset < slice.sliceTo ? 'held' : null;
}

const removeSql = (partition: string): string => `
  WITH removed AS (
    DELETE FROM ${partition} WHERE id = ANY ($2::bigint[]) RETURNING id, operation = 'Delete' AS is_delete
  ), counted AS (
    SELECT count(*) AS entries, count(*) FILTER (WHERE id > $3) AS "entriesOfSlice",
           count(*) FILTER (WHERE is_delete) AS deletes, count(*) FILTER (WHERE is_delete AND id > $3) AS "deletesOfSlice"
      FROM removed
  )
  UPDATE oplog_compaction c
     SET horizon = GREATEST(c.horizon, $4), kept = c.kept - counted.entries + counted."entriesOfSlice",
         tombstones = c.tombstones - counted.deletes + counted."deletesOfSlice",
         removed_total = c.removed_total + counted.entries
    FROM counted
   WHERE c.entity_id = $1
  RETURNING counted.entries, counted."entriesOfSlice", counted."deletesOfSlice"`;

/** What a finished slice adds to the compacted part of the oplog. */
export interface FinishedSlice extends Pick<CompactedSlice, 'epoch' | 'entityId' | 'sliceTo'> {
  readonly kept: number;
  readonly tombstones: number;
}

/**
 * Records that everything up to the end of the slice is compacted. Returns the place up to which Deletes can be removed: up to there they are
 * the only entries of their documents. A cache whose build had begun before may have read an Upsert that is gone now, and needs the
 * Delete. Its horizon is lower than the place, so that the removal of a Delete sends it back to the start; if the
 * horizon is not lower, which an interrupted larger slice can leave, the place stays where it was.
 */
export function finishSlice(pool: pg.Pool, slice: FinishedSlice): Promise<number> {
  const { epoch, entityId } = slice;
  return inTransaction(pool, async (client) => {
    await beginAppend(client, { epoch, entityIds: [entityId], lock: 'share', appends: false });
    const answer = await client.query<{ purgeTo: number }>(
      `UPDATE oplog_compaction
          SET compacted_to = $2, kept = kept + $3, tombstones = tombstones + $4,
              purge_to = CASE WHEN horizon < $2 THEN $2 ELSE purge_to END
        WHERE entity_id = $1 RETURNING purge_to AS "purgeTo"`,
      [entityId, slice.sliceTo, slice.kept, slice.tombstones],
    );
    await commitAppend(client, { epoch, appended: false, controlChanged: false });
    return answer.rows[0]?.purgeTo ?? 0;
  });
}

/** Records that a slice is done, with its old Deletes; `removed`: entries removed in the run so far. */
export function finishPass(
  pool: pg.Pool,
  { epoch, entityId, removed }: Pick<CompactedSlice, 'epoch' | 'entityId'> & { readonly removed: number },
): Promise<void> {
  return inTransaction(pool, async (client) => {
    await beginAppend(client, { epoch, entityIds: [entityId], lock: 'share', appends: false });
    await client.query('UPDATE oplog_compaction SET removed_last = $2, finished_at = now() WHERE entity_id = $1', [
      entityId,
      removed,
    ]);
    await commitAppend(client, { epoch, appended: false, controlChanged: false });
  });
}
