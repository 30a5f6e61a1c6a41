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
 * Creates each partition as a separate table and then attaches it: attaching takes no lock that appends wait for, and the CHECK
 * constraint spares PostgreSQL a scan of the rows. Autovacuum is triggered by inserts more often than by default, so that the
 * visibility map lets reads of old entries skip per-row visibility checks. It is triggered by a twentieth of dead rows, so that the
 * space that compaction frees is soon reused. ANALYZE leaves `data` out: its statistics would keep values after their erasure.
 */
export async function createPartitions(client: pg.PoolClient, entityIds: readonly number[]): Promise<void> {
  const statements = entityIds.map((entityId) => {
    const name = partitionName(entityId);
    return `${createTable(name, entityId)}; ${attachTable(name, entityId)}`;
  });
  if (statements.length > 0) await client.query(statements.join(';'));
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

/** Detached in one transaction, which holds up appends for about a millisecond each. */
const detachedAtOnceMax = 16;
/** How long a transaction that detaches many waits for readers. Everything that comes after it waits as long. */
const quickLockMsMax = 50;
const quickAttemptsMax = 3;

/**
 * Detaches the partitions and drops them, so that no rows are deleted one by one. Many are detached together, because each
 * detaching makes every session plan its statements over all partitions again. If a reader is in the way for longer than
 * `quickLockMsMax`, they are detached one by one with CONCURRENTLY, which does not block appends to other partitions however long it
 * waits. Can be repeated after any interruption: each step checks what an earlier call has done. Calls take turns, because
 * PostgreSQL refuses to detach a partition while another one's detaching is not complete.
 */
export async function dropPartitions(pool: pg.Pool, entityIds: readonly number[]): Promise<void> {
  const client = await pool.connect();
  const ignore = () => undefined;
  client.on('error', ignore);
  try {
    await takeTurn(client);
    await finishDetaching(client);
    for (let start = 0; start < entityIds.length; start += detachedAtOnceMax)
      await dropSome(client, entityIds.slice(start, start + detachedAtOnceMax));
  } finally {
    client.off('error', ignore);
    // The end of the session ends the turn, whatever happened.
    client.release(true);
  }
}

async function dropSome(client: pg.PoolClient, entityIds: readonly number[]): Promise<void> {
  const attached = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
      WHERE inhparent = 'oplog'::regclass AND relname = ANY ($1::text[])`,
    [entityIds.map(partitionName)],
  );
  const names = attached.rows.map(({ name }) => name);
  if (names.length > 0 && !(await detachQuickly(client, names)))
    for (const name of names) await client.query(`ALTER TABLE oplog DETACH PARTITION ${name} CONCURRENTLY`);
  const tables = entityIds.flatMap((entityId) => [partitionName(entityId), nextPartitionName(entityId)]);
  await client.query(`DROP TABLE IF EXISTS ${tables.join(', ')}`);
}

/** False if a reader was in the way each time. */
async function detachQuickly(client: pg.PoolClient, names: readonly string[]): Promise<boolean> {
  const detaching = names.map((name) => `ALTER TABLE oplog DETACH PARTITION ${name}`).join('; ');
  for (let attempt = 0; attempt < quickAttemptsMax; attempt += 1) {
    if (attempt > 0) await sleep(turnPollMs);
    try {
      await client.query(`BEGIN; SET LOCAL lock_timeout = ${quickLockMsMax}; ${detaching}; COMMIT`);
      return true;
    } catch (error) {
      await client.query('ROLLBACK');
      if (!isLockTimeout(error)) throw error;
    }
  }
  return false;
}

/** SQLSTATE 55P03. */
function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
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
