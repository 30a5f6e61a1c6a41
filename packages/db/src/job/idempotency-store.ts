import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';

/** Responses to requests with an Idempotency-Key, kept for a day. */
export interface IdempotencyStore {
  find(key: string): Promise<{ readonly requestHash: string; readonly response: unknown } | null>;
  /** Stores the first response for a key; later ones are ignored until its day is over. */
  keep(answer: { readonly key: string; readonly requestHash: string; readonly response: unknown }): Promise<void>;
}

// Other expired keys are deleted here, so at most a day of keys is kept.
const keepSql = `
WITH expired AS (DELETE FROM idempotency_key WHERE expires_at < now() AND key <> $1)
INSERT INTO idempotency_key AS kept (key, request_hash, status_code, response, expires_at)
VALUES ($1, $2, 201, $3, now() + interval '1 day')
ON CONFLICT (key) DO UPDATE
   SET request_hash = EXCLUDED.request_hash, response = EXCLUDED.response, expires_at = EXCLUDED.expires_at
 WHERE kept.expires_at < now()`;

/** Responses are kept for one day. Errors: EMC-3001. */
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
