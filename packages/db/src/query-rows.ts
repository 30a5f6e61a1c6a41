import type pg from 'pg';
import { toDatabaseError } from './database-error.ts';

/** The rows of one statement on a connection of the pool. Throws errors of the catalogue (EMC-3001 and others). */
export async function queryRows<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const answer = await pool.query<Row>(sql, values).catch((error: unknown) => {
    throw toDatabaseError(error);
  });
  return answer.rows;
}
