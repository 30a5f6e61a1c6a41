import type { Database } from '../database.ts';
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

export function createIdempotencyStore({ pool, prisma }: Database): IdempotencyStore {
  return {
    async find(key) {
      const found = await prisma.idempotencyKey.findUnique({ where: { key } }).catch((error: unknown) => {
        throw toDatabaseError(error);
      });
      if (found === null || found.expiresAt < new Date()) return null;
      return { requestHash: found.requestHash, response: found.response };
    },
    async keep({ key, requestHash, response }) {
      await pool.query(keepSql, [key, requestHash, JSON.stringify(response)]).catch((error: unknown) => {
        throw toDatabaseError(error);
      });
    },
  };
}
