import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { advisoryLocks, advisoryNamespace } from '../advisory-locks.ts';

/** Name of the entity's partition. */
export function partitionName(entityId: number): string {
  if (!Number.isSafeInteger(entityId) || entityId < 0) throw new RangeError(`${entityId} is not an id.`);
  return `oplog_e${entityId}`;
}

/** Name of the table that a rewrite fills and then puts in the partition's place. */
export function nextPartitionName(entityId: number): string {
  return `${partitionName(entityId)}_next`;
}

const storage = [
  'autovacuum_vacuum_insert_scale_factor = 0.1',
  'autovacuum_analyze_scale_factor = 0.1',
  'autovacuum_vacuum_scale_factor = 0.05',
  'toast.autovacuum_vacuum_scale_factor = 0.05',
].join(', ');

/**
 * Creates the partition as a separate table and then attaches it: attaching takes no lock that appends wait for, and the CHECK
 * constraint spares PostgreSQL a scan of the rows. Autovacuum is triggered by inserts more often than by default, so that the
 * visibility map lets reads of old entries skip per-row visibility checks. It is triggered by a twentieth of dead rows, so that the
 * space that compaction frees is soon reused. ANALYZE leaves `data` out: its statistics would keep values after their erasure.
 */
export async function createPartition(client: pg.PoolClient, entityId: number): Promise<void> {
  const name = partitionName(entityId);
  await client.query(`${createTable(name, entityId)}; ${attachTable(name, entityId)}`);
}

/** SQL that creates a table which `attachTable` can make the partition of the entity. */
export function createTable(name: string, entityId: number): string {
  return `
    CREATE TABLE ${name} (
      LIKE oplog INCLUDING DEFAULTS INCLUDING INDEXES,
      CONSTRAINT oplog_entity CHECK (entity_id = ${entityId})
    ) WITH (${storage});
    ALTER TABLE ${name} ALTER COLUMN data SET STATISTICS 0`;
}

/** SQL that makes the table the partition of the entity. */
export function attachTable(name: string, entityId: number): string {
  return `
    ALTER TABLE oplog ATTACH PARTITION ${name} FOR VALUES IN (${entityId});
    ALTER TABLE ${name} DROP CONSTRAINT oplog_entity`;
}

/**
 * Detaches the partition and drops it, so that no rows are deleted one by one; CONCURRENTLY does not block appends to other
 * partitions. Can be repeated after any interruption: each step checks what an earlier call has done. Calls take turns, because
 * PostgreSQL refuses to detach a partition while another one's detaching is not complete.
 */
export async function dropPartition(pool: pg.Pool, entityId: number): Promise<void> {
  const name = partitionName(entityId);
  const client = await pool.connect();
  const ignore = () => undefined;
  client.on('error', ignore);
  try {
    await takeTurn(client);
    await finishDetaching(client);
    const attached = await client.query(
      `SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass($1) AND inhparent = 'oplog'::regclass`,
      [name],
    );
    if (attached.rowCount === 1) await client.query(`ALTER TABLE oplog DETACH PARTITION ${name} CONCURRENTLY`);
    await client.query(`DROP TABLE IF EXISTS ${name}, ${nextPartitionName(entityId)}`);
  } finally {
    client.off('error', ignore);
    // The end of the session ends the turn, whatever happened.
    client.release(true);
  }
}

const turnPollMs = 100;

/** Polls: a statement that waits for the lock holds a snapshot, which detaching may have to wait for. */
async function takeTurn(client: pg.PoolClient): Promise<void> {
  for (;;) {
    const answer = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', [
      advisoryNamespace,
      advisoryLocks.detach,
    ]);
    if (answer.rows[0]?.taken === true) return;
    await sleep(turnPollMs);
  }
}

/** Completes what a call began that was interrupted, for whichever entity. */
async function finishDetaching(client: pg.PoolClient): Promise<void> {
  const pending = await client.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'oplog'::regclass AND inhdetachpending`,
  );
  for (const { name } of pending.rows) await client.query(`ALTER TABLE oplog DETACH PARTITION ${name} FINALIZE`);
}
