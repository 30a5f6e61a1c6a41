import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';

/** Answers given to requests that carried an Idempotency-Key, kept for a day. */
export interface IdempotencyStore {
  find(key: string): Promise<{ readonly requestHash: string; readonly response: unknown } | null>;
  /** Keeps the first answer: a second one for the same key changes nothing. */
  keep(answer: { readonly key: string; readonly requestHash: string; readonly response: unknown }): Promise<void>;
}

// Expired keys go in passing: there are never more than a day of them.
const keepSql = `
WITH expired AS (DELETE FROM idempotency_key WHERE expires_at < now())
INSERT INTO idempotency_key (key, request_hash, status_code, response, expires_at)
VALUES ($1, $2, 201, $3, now() + interval '1 day') ON CONFLICT (key) DO NOTHING`;

const findSql = `SELECT request_hash AS "requestHash", response FROM idempotency_key WHERE key = $1 AND expires_at >= now()`;

export function createIdempotencyStore(pool: pg.Pool): IdempotencyStore {
  return {
    async find(key) {
      const answer = await pool
        .query<{ requestHash: string; response: unknown }>(findSql, [key])
        .catch((error: unknown) => {
          throw toDatabaseError(error);
        });
      return answer.rows[0] ?? null;
    },
    async keep({ key, requestHash, response }) {
      await pool.query(keepSql, [key, requestHash, JSON.stringify(response)]).catch((error: unknown) => {
        throw toDatabaseError(error);
      });
    },
  };
}
