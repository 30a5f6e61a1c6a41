import pg from 'pg';

/** The tables beside the oplog in which removed rows may remain until their space is used again. */
const tables = ['oplog_staging', 'oplog_sweep', 'dead_letter'] as const;

/** Appends wait behind the lock, and for the rewrite of what is usually a small table. */
const limits = "SET lock_timeout = '2s'; SET statement_timeout = '30s'";

/** PostgreSQL's codes for a lock that was not free, a statement that took too long, and a missing right. */
const expected = new Set(['55P03', '57014', '42501']);

/**
 * Writes these tables into fresh files, so that nothing is left of rows that were removed. Returns the tables for which this was not possible now.
 * In sessions of its own, because VACUUM cannot run in a transaction and the limits are the session's.
 */
export async function rewriteTables(pool: pg.Pool): Promise<readonly string[]> {
  const left: string[] = [];
  for (const table of tables) if (!(await rewritten(pool, table))) left.push(table);
  return left;
}

async function rewritten(pool: pg.Pool, table: string): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query(limits);
    await client.query(`VACUUM (FULL) ${table}`);
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && expected.has(error.code ?? '')) return false;
    throw error;
  } finally {
    client.release(true);
  }
}
