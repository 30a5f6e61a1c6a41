import pg from 'pg';
import { advisoryLocks, advisoryNamespace } from '../advisory-locks.ts';
import { beginAppend } from '../statements/begin-append.ts';
import { commitAppend } from '../statements/commit-append.ts';
import { attachTable, createTable, nextPartitionName, partitionName } from '../statements/partition.ts';
import { inTransaction } from '../transaction.ts';

/**
 * Rewrites the partition of an entity into a fresh table, which gives the space of removed entries back to the operating system.
 * VACUUM would keep it for later entries, and would keep the sparse pages of the index.
 * Order: `beginRewrite` → `copyEntries` until few are left → `swapPartition`. Only the leader that compacts removes entries, so
 * what was copied stays as it is until the swap, whose transaction checks the epoch.
 */
const columns = 'id, entity_id, operation, doc_id, data, version, source_time_ms, created_at, epoch, unit';

/** Bytes of the entity's oplog on disk, and about how many of them its entries need. */
export interface PartitionSpace {
  readonly bytes: number;
  readonly neededBytes: number;
}

/** Row header, fixed columns and index entry, bytes. */
const rowOverhead = 100;

/** Estimates the needed bytes from a sample of the rows and the number of entries that was measured last. */
export async function readSpace(pool: pg.Pool, entityId: number): Promise<PartitionSpace> {
  const name = partitionName(entityId);
  const answer = await pool.query<PartitionSpace>(
    `SELECT pg_total_relation_size('${name}') AS bytes,
            COALESCE((SELECT avg(pg_column_size(s.doc_id) + COALESCE(pg_column_size(s.data), 0) + ${rowOverhead})
                        FROM (SELECT doc_id, data FROM ${name} ORDER BY id LIMIT 1000) AS s), 0)
              * COALESCE(c.entries, 0)::float8 AS "neededBytes"
       FROM oplog_compaction c WHERE c.entity_id = $1`,
    [entityId],
  );
  return answer.rows[0] ?? { bytes: 0, neededBytes: 0 };
}

/** Creates the new table. What an interrupted rewrite left is dropped. */
export async function beginRewrite(pool: pg.Pool, entityId: number): Promise<void> {
  await abandonRewrite(pool, entityId);
  await pool.query(createTable(nextPartitionName(entityId), entityId));
}

/** Drops the new table, if there is one. */
export async function abandonRewrite(pool: pg.Pool, entityId: number): Promise<void> {
  await pool.query(`DROP TABLE IF EXISTS ${nextPartitionName(entityId)}`);
}

/** What a step copied. */
export interface CopiedEntries {
  readonly entries: number;
  /** The id of the last one; the place itself if none was left. */
  readonly to: number;
}

/** Copies at most `limit` entries after a place, in id order, which is the order of commits: none before them appears later. */
export async function copyEntries(
  pool: pg.Pool | pg.PoolClient,
  place: { readonly entityId: number; readonly after: number; readonly limit: number },
): Promise<CopiedEntries> {
  const answer = await pool.query<CopiedEntries>(
    `WITH copied AS (
       INSERT INTO ${nextPartitionName(place.entityId)} (${columns})
       SELECT ${columns} FROM ${partitionName(place.entityId)} WHERE id > $1 ORDER BY id LIMIT $2
       RETURNING id
     )
     SELECT count(*) AS entries, COALESCE(max(id), $1) AS "to" FROM copied`,
    [place.after, place.limit],
  );
  return answer.rows[0] ?? { entries: 0, to: place.after };
}

/** Readers of any entity wait behind the swap while it waits for its lock, milliseconds. */
const lockMsMax = 200;

/** The place up to which entries were copied, and the leader's epoch. */
export interface Swap {
  readonly entityId: number;
  readonly epoch: number;
  readonly after: number;
  /** More entries than this are not copied while appends wait. */
  readonly limit: number;
}

/**
 * Copies the last entries and puts the new table in the place of the old one, while appends wait. The lock on the whole oplog that
 * detaching needs is waited for briefly, and a few times. Returns false, without any change, if it is not free (a sweep is
 * planned, another partition is detached), if the entity is not live, or if too many entries were appended meanwhile.
 */
export async function swapPartition(pool: pg.Pool, swap: Swap): Promise<boolean> {
  try {
    await endAutovacuum(pool, swap.entityId);
    return await inTransaction(pool, (client) => swapIn(client, swap));
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === lockNotAvailable) return false;
    throw error;
  }
}

const lockNotAvailable = '55P03';

/**
 * Autovacuum of the partition is usually at work after so many removals. PostgreSQL ends it for a lock that it is in the way of,
 * but only after `deadlock_timeout` (1 s), which appends cannot wait. This lock conflicts with nothing else, so nobody waits behind it.
 */
async function endAutovacuum(pool: pg.Pool, entityId: number): Promise<void> {
  await pool.query(`
    BEGIN;
    SET LOCAL lock_timeout = '5s';
    LOCK TABLE ${partitionName(entityId)} IN SHARE UPDATE EXCLUSIVE MODE;
    COMMIT`);
}

async function swapIn(client: pg.PoolClient, { entityId, epoch, after, limit }: Swap): Promise<boolean> {
  const targets = await beginAppend(client, { epoch, entityIds: [entityId], lock: 'update', appends: true });
  const isLive = targets.get(entityId)?.lifecycle === 'live';
  const copied = isLive && (await takeTurn(client)) ? await copyEntries(client, { entityId, after, limit }) : null;
  if (copied === null || copied.entries === limit) {
    await client.query('ROLLBACK');
    return false;
  }
  const name = partitionName(entityId);
  const next = nextPartitionName(entityId);
  await client.query(`
    SET LOCAL lock_timeout = ${lockMsMax};
    ALTER TABLE oplog DETACH PARTITION ${name};
    DROP TABLE ${name};
    ALTER TABLE ${next} RENAME TO ${name};
    ALTER INDEX ${next}_pkey RENAME TO ${name}_pkey;
    ${attachTable(name, entityId)}`);
  await commitAppend(client, { epoch, appended: false, controlChanged: false });
  return true;
}

/** PostgreSQL detaches one partition at a time. */
async function takeTurn(client: pg.PoolClient): Promise<boolean> {
  const answer = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS taken', [
    advisoryNamespace,
    advisoryLocks.detach,
  ]);
  return answer.rows[0]?.taken === true;
}
