import { createHash } from 'node:crypto';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { IdempotencyStore } from '@emcachers/db/job/idempotency-store';

export interface IdempotentCall {
  /** The client's Idempotency-Key; null runs the action without a record. */
  readonly key: string | null;
  readonly route: string;
  readonly body: unknown;
}

/**
 * A client that did not receive the answer retries with the same key and gets the first answer instead of a second
 * entity. Throws EMC-5010 if the key was used with a different body. Answers are kept for a day.
 */
export interface Idempotency {
  once<Answer>(call: IdempotentCall, action: () => Promise<Answer>): Promise<Answer>;
}

/**
 * The answer is saved after the action succeeds. After a crash in between, a retry runs the action again, so the action
 * must reject duplicates itself (an entity's name is unique). Failures are not saved, so a retry may succeed later.
 */
export function createIdempotency(store: IdempotencyStore): Idempotency {
  return {
    async once<Answer>({ key, route, body }: IdempotentCall, action: () => Promise<Answer>): Promise<Answer> {
      if (key === null) return action();
      const requestHash = createHash('sha256')
        .update(JSON.stringify([route, body]))
        .digest('hex');
      const known = await store.find(key);
      if (known !== null && known.requestHash !== requestHash)
        throw new EmcachersError({
          code: 'EMC-5010',
          detail: `The key ${key} was already used with a different body.`,
        });
      // The hash includes the route, so the saved answer has the type of this route's answer.
      if (known !== null) return known.response as Answer;
      const answer = await action();
      await store.keep({ key, requestHash, response: answer });
      return answer;
    },
  };
}
