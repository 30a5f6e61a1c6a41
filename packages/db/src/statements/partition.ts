import type pg from 'pg';

/** The partition of one entity. */
export function partitionName(entityId: number): string {
  if (!Number.isSafeInteger(entityId) || entityId < 0) throw new RangeError(`${entityId} is not an id.`);
  return `oplog_e${entityId}`;
}

/**
 * Made apart and then attached: attaching takes no lock that an append waits for, and the check tells PostgreSQL that
 * it need not look at the rows. Insert-mostly tables are vacuumed by inserts, more often than the default, so that
 * pages of old entries are read without visiting the visibility of each row.
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
 * Takes the partition out and drops it: nothing is deleted row by row, and CONCURRENTLY lets appends to others go on.
 * May be called again after any interruption: each step looks at how far an earlier call came.
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
