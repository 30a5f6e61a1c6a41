import type { CacheIndex } from '@emcachers/core/cache-index';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';
import { deleteHeld } from '../statements/delete-held.ts';
import { dropPartitions } from '../statements/partition.ts';
import { beforeRefresh, noteRefresh, restartScans } from '../statements/scan-state.ts';
import { inTransaction } from '../transaction.ts';
import { type Asker, writeAudit } from './audit.ts';

/**
 * Operators' requests. Each is one short transaction on the entity's row; NOTIFY then wakes the leader and the replicators, which
 * read the change. Any node may call these, because none appends to the oplog.
 * All throw EMC-5002 if the entity does not exist and EMC-5004 if it is being deleted.
 */

/** Starts a new scan under a new version; caches keep serving. Returns the new version. `jobId`: whose cancellation ends the scan. */
export async function requestRefresh(
  database: Database,
  request: { entityId: number; allowLargeSweep: boolean; jobId?: string },
): Promise<number> {
  return inTransaction(database.pool, async (client) => {
    await client.query('BEGIN');
    const before = await beforeRefresh(client, request.entityId);
    const entityIds = [request.entityId];
    const restarted = await restartScans(client, {
      entityIds,
      reason: null,
      hasGap: false,
      allowLargeSweep: request.allowLargeSweep,
    });
    if (restarted.length === 0) throw await refusal(database, request.entityId);
    const { entityId, jobId } = request;
    if (jobId !== undefined && before !== null) await noteRefresh(client, { entityId, jobId, before });
    const answer = await client.query<{ version: number }>('SELECT version FROM entity WHERE id = $1', [
      request.entityId,
    ]);
    await client.query('NOTIFY emcachers_control; COMMIT');
    return answer.rows[0]?.version ?? 0;
  });
}

/** Makes every node rebuild its cache of the entity. */
export async function requestRebuild(database: Database, entityId: number): Promise<void> {
  await change(database, entityId, { set: 'rebuild_requested = rebuild_requested + 1' });
}

/** Caches stop or resume applying; the oplog is not affected. */
export async function setPaused(database: Database, request: { entityId: number; paused: boolean }): Promise<void> {
  await change(database, request.entityId, { set: request.paused ? 'paused = true' : 'paused = false' });
}

/** Each node changes the indexes of its cache file accordingly. Columns are not checked. The audit has it if somebody asked. */
export async function setIndexes(
  database: Database,
  { entityId, indexes, asker }: { entityId: number; indexes: readonly CacheIndex[]; asker?: Asker },
): Promise<void> {
  const audit = asker === undefined ? {} : { audit: { asker, action: 'setIndexes', detail: { indexes } } };
  await change(database, entityId, { set: 'indexes = $2::json', values: [JSON.stringify(indexes)], ...audit });
}

/** Stops ingest and replication of the entity; replicators remove its files. Idempotent. */
export async function markDeleting(database: Database, entityId: number): Promise<void> {
  await change(database, entityId, {
    set: `lifecycle_since = CASE lifecycle WHEN 'deleting' THEN lifecycle_since ELSE now() END,
     lifecycle = 'deleting', route = 'none', run_id = gen_random_uuid()`,
    again: true,
  });
}

/** The names of the entities that are being deleted, oldest first. */
export async function listDeleting(database: Database): Promise<readonly string[]> {
  try {
    const answer = await database.pool.query<{ name: string }>(
      `SELECT name FROM entity WHERE lifecycle = 'deleting' ORDER BY lifecycle_since`,
    );
    return answer.rows.map((row) => row.name);
  } catch (error) {
    throw toDatabaseError(error);
  }
}

const heldChunkRows = 10_000;

/**
 * Completes deletions: drops the partitions, then held-back rows, and the entities' rows last, so that after a crash the call
 * can be repeated. Appends to other entities wait for milliseconds at most.
 */
export async function dropEntities(database: Database, entityIds: readonly number[]): Promise<void> {
  try {
    await dropPartitions(database.pool, entityIds);
    for (const entityId of entityIds) while ((await deleteHeld(database.pool, { entityId, limit: heldChunkRows })) > 0);
    await database.pool.query(`DELETE FROM entity WHERE id = ANY ($1::integer[]) AND lifecycle = 'deleting'`, [
      entityIds,
    ]);
    await database.pool.query('NOTIFY emcachers_control');
  } catch (error) {
    throw toDatabaseError(error);
  }
}

interface Change {
  readonly set: string;
  readonly values?: readonly unknown[];
  readonly again?: boolean;
  /** Who asked for what; absent for the work of a job, which has its record. */
  readonly audit?: { readonly asker: Asker; readonly action: string; readonly detail: object };
}

async function change(database: Database, entityId: number, statement: Change): Promise<void> {
  await inTransaction(database.pool, async (client) => {
    await client.query('BEGIN');
    const guard = statement.again === true ? '' : `AND lifecycle <> 'deleting'`;
    const { set, values = [], audit } = statement;
    const answer = await client.query<{ name: string }>(
      `UPDATE entity SET ${set} WHERE id = $1 ${guard} RETURNING name`,
      [entityId, ...values],
    );
    const [changed] = answer.rows;
    if (changed === undefined) throw await refusal(database, entityId);
    if (audit !== undefined) {
      const { asker, action, detail } = audit;
      await writeAudit(client, asker, { action, entityName: changed.name, detail });
    }
    await client.query('NOTIFY emcachers_control; COMMIT');
  });
}

async function refusal(database: Database, entityId: number): Promise<EmcachersError> {
  const answer = await database.pool.query<{ name: string }>('SELECT name FROM entity WHERE id = $1', [entityId]);
  const name = answer.rows[0]?.name;
  return name === undefined
    ? new EmcachersError({ code: 'EMC-5002', detail: `Entity ${entityId} no longer exists.` })
    : new EmcachersError({ code: 'EMC-5004', detail: `Entity ${name} is being deleted.` });
}
