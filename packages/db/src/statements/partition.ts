import type pg from 'pg';

/** Name of the entity's partition. */
export function partitionName(entityId: number): string {
  if (!Number.isSafeInteger(entityId) || entityId < 0) throw new RangeError(`${entityId} is not an id.`);
  return `oplog_e${entityId}`;
}

/**
 * Creates the partition as a separate table and then attaches it: attaching takes no lock that appends wait for, and the CHECK
 * constraint spares PostgreSQL a scan of the rows. Autovacuum is triggered by inserts more often than by default, so that the
 * visibility map lets reads of old entries skip per-row visibility checks.
 */
export async function createPartition(client: pg.PoolClient, entityId: number): Promise<void> {
  const name = partitionName(entityId);
  await client.query(`
    CREATE TABLE ${name} (
      LIKE oplog INCLUDING DEFAULTS INCLUDING INDEXES,
      CONSTRAINT ${name}_entity CHECK (entity_id = ${entityId})
    ) WITH (autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.1);
    ALTER TABLE oplog ATTACH PARTITION ${name} FOR VALUES IN (${entityId});
    ALTER TABLE ${name} DROP CONSTRAINT ${name}_entity`);
}

/**
 * Detaches the partition and drops it, so that no rows are deleted one by one; CONCURRENTLY does not block appends to other
 * partitions. Can be repeated after any interruption: each step checks what an earlier call has done.
 */
export async function dropPartition(pool: pg.Pool, entityId: number): Promise<void> {
  const name = partitionName(entityId);
  const answer = await pool.query<{ pending: boolean }>(
    `SELECT inhdetachpending AS pending FROM pg_inherits
      WHERE inhrelid = to_regclass($1) AND inhparent = 'oplog'::regclass`,
    [name],
  );
  const attached = answer.rows[0];
  if (attached?.pending === true) await pool.query(`ALTER TABLE oplog DETACH PARTITION ${name} FINALIZE`);
  else if (attached !== undefined) await pool.query(`ALTER TABLE oplog DETACH PARTITION ${name} CONCURRENTLY`);
  await pool.query(`DROP TABLE IF EXISTS ${name}`);
}
