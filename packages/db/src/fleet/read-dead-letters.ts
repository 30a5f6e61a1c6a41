import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';

export interface DeadLetterRow {
  readonly docId: string;
  readonly errorCode: string;
  readonly error: string;
  /** How often the document was refused. */
  readonly attempts: number;
  readonly createdAtMs: number;
}

const sql = `
SELECT doc_id AS "docId", error_code AS "errorCode", reason AS error, attempts,
       (extract(epoch FROM created_at) * 1000)::int8 AS "createdAtMs"
  FROM dead_letter WHERE entity_id = $1 ORDER BY updated_at DESC LIMIT $2`;

/** The newest first. The documents themselves stay in PostgreSQL. */
export async function readDeadLetters(pool: pg.Pool, entityId: number, limit: number): Promise<DeadLetterRow[]> {
  const answer = await pool.query<DeadLetterRow>(sql, [entityId, limit]).catch((error: unknown) => {
    throw toDatabaseError(error);
  });
  return answer.rows;
}
