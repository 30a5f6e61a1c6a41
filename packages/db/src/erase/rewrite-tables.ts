import pg from 'pg';

/** The tables beside the oplog in which removed rows may remain until their space is used again. */
const tables = ['oplog_staging', 'oplog_sweep', 'dead_letter'] as const;

/** Appends wait behind the lock, and for the rewrite of what is usually a small table. */
const limits = "SET lock_timeout = '2s'; SET statement_timeout = '30s'";

/** PostgreSQL's codes for a lock that was not free, a statement that took too long, and a missing right. */
const expected = new Set(['55P03', '57014', '42501']);

/** A table is tried this often: a transaction that is older than the removal is usually over soon. */
const attemptsMax = 3;
const pauseSql = 'SELECT pg_sleep(0.5)';

/**
 * Writes these tables into fresh files, so that nothing is left of rows that were removed. Returns the tables for which this was not possible now.
 * In sessions of its own, because VACUUM cannot run in a transaction and the limits are the session's.
 */
export async function rewriteTables(pool: pg.Pool): Promise<readonly string[]> {
  let left: readonly string[] = await notRewritten(pool, tables);
  for (let attempt = 1; left.length > 0 && attempt < attemptsMax; attempt += 1) {
    await pool.query(pauseSql);
    left = await notRewritten(pool, left);
  }
  return left;
}

async function notRewritten(pool: pg.Pool, names: readonly string[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const table of names) if (!(await isRewritten(pool, table))) left.push(table);
  return left;
}

async function isRewritten(pool: pg.Pool, table: string): Promise<boolean> {
  const client = await pool.connect();
  const copiedDead: number[] = [];
  client.on('notice', ({ detail }) => copiedDead.push(...deadRowsIn(detail)));
  try {
    await client.query(limits);
    await client.query(`VACUUM (FULL, VERBOSE) ${table}`);
    return copiedDead.length > 0 && copiedDead.every((rows) => rows === 0);
  } catch (error) {
    if (error instanceof pg.DatabaseError && expected.has(error.code ?? '')) return false;
    throw error;
  } finally {
    client.release(true);
  }
}

/**
 * VACUUM copies removed rows that an older transaction may still see, and says how many in the first line of a detail: "0 dead row versions cannot
 * be removed yet." Its language is the server's, so only the number counts. A table that it skips has no such line.
 */
function deadRowsIn(detail: string | undefined): readonly number[] {
  const [rows] = /\d+/.exec(detail?.split('\n')[0] ?? '') ?? [];
  return rows === undefined ? [] : [Number(rows)];
}
