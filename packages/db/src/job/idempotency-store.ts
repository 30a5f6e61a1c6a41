import type { Database } from '../database.ts';
import { queryRows } from '../query-rows.ts';

/** A request with an Idempotency-Key, by one attempt to carry it out. */
export interface KeyedAttempt {
  readonly key: string;
  /** Of the route and the body: the key must not be used for another request. */
  readonly requestHash: string;
  /** A UUID. */
  readonly attemptId: string;
  readonly correlationId: string;
}

/** What is known of a key when a request with it arrives. */
export type KeyState =
  /** The attempt carries the request out. `correlationId`: of the first attempt, which may have ended without an answer. */
  | { readonly kind: 'taken'; readonly correlationId: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'answered'; readonly response: unknown }
  | { readonly kind: 'other-request' };

/**
 * Requests with an Idempotency-Key and their answers, kept for a day from the first attempt. Of all attempts, in any process, one at a time
 * has the key. Errors of every method: EMC-3001.
 */
export interface IdempotencyStore {
  /** Takes the key unless another attempt has it or it is answered. */
  take(attempt: KeyedAttempt): Promise<KeyState>;
  /** Says that the attempt is still running; without it, another attempt may take the key after half a minute. */
  renew(attempt: KeyedAttempt): Promise<void>;
  /** Does nothing if another attempt has taken the key since. */
  answer(attempt: KeyedAttempt, response: unknown): Promise<void>;
  /** The request has had no effect: the key is as if it had never been used. */
  forget(attempt: KeyedAttempt): Promise<void>;
  /** The request may have had its effect: the next attempt takes the key at once, with the same correlation id. */
  leave(attempt: KeyedAttempt): Promise<void>;
}

const runningSql = `now() + interval '30 seconds'`;

// Other keys whose day is over are deleted here, more than are added, so at most a day of keys is kept. SKIP LOCKED: two calls that delete the
// same keys do not wait for each other.
const takeSql = `
WITH expired AS (
  DELETE FROM idempotency_key WHERE key IN (
    SELECT key FROM idempotency_key WHERE expires_at < now() AND key <> $1 ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED))
INSERT INTO idempotency_key AS kept (key, request_hash, attempt_id, correlation_id, running_until, expires_at)
VALUES ($1, $2, $3, $4, ${runningSql}, now() + interval '1 day')
ON CONFLICT (key) DO UPDATE
   SET request_hash = EXCLUDED.request_hash, attempt_id = EXCLUDED.attempt_id, running_until = EXCLUDED.running_until, response = NULL,
       correlation_id = CASE WHEN kept.expires_at < now() THEN EXCLUDED.correlation_id ELSE kept.correlation_id END,
       expires_at = CASE WHEN kept.expires_at < now() THEN EXCLUDED.expires_at ELSE kept.expires_at END
 WHERE kept.expires_at < now() OR (kept.running_until < now() AND kept.request_hash = EXCLUDED.request_hash)
RETURNING correlation_id AS "correlationId"`;

const readSql = `
SELECT request_hash AS "requestHash", response, running_until IS NOT NULL AS "isRunning" FROM idempotency_key WHERE key = $1`;

const ownSql = 'key = $1 AND attempt_id = $2 AND running_until IS NOT NULL';

interface KeyRow {
  readonly requestHash: string;
  readonly response: unknown;
  readonly isRunning: boolean;
}

/** Keeps the keys in `database`, which the caller disposes. */
export function createIdempotencyStore({ pool }: Database): IdempotencyStore {
  const change = async (sql: string, { key, attemptId }: KeyedAttempt, values: unknown[] = []): Promise<void> => {
    await queryRows(pool, sql, [key, attemptId, ...values]);
  };
  return {
    async take({ key, requestHash, attemptId, correlationId }) {
      const [taken] = await queryRows<{ correlationId: string }>(pool, takeSql, [
        key,
        requestHash,
        attemptId,
        correlationId,
      ]);
      if (taken !== undefined) return { kind: 'taken', correlationId: taken.correlationId };
      const [found] = await queryRows<KeyRow>(pool, readSql, [key]);
      // Forgotten since: the next call takes it.
      if (found === undefined) return { kind: 'running' };
      if (found.requestHash !== requestHash) return { kind: 'other-request' };
      return found.isRunning ? { kind: 'running' } : { kind: 'answered', response: found.response };
    },
    renew: (attempt) => change(`UPDATE idempotency_key SET running_until = ${runningSql} WHERE ${ownSql}`, attempt),
    answer: (attempt, response) =>
      change(`UPDATE idempotency_key SET response = $3, running_until = NULL WHERE ${ownSql}`, attempt, [
        JSON.stringify(response),
      ]),
    forget: (attempt) => change(`DELETE FROM idempotency_key WHERE ${ownSql}`, attempt),
    leave: (attempt) => change(`UPDATE idempotency_key SET running_until = now() WHERE ${ownSql}`, attempt),
  };
}
