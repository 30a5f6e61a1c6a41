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
 * A client that did not hear the answer asks again with the same key and gets the first answer, not a second entity.
 * EMC-5010 where the key came with another body. Answers are kept for a day.
 */
export interface Idempotency {
  once<Answer>(call: IdempotentCall, action: () => Promise<Answer>): Promise<Answer>;
}

/**
 * Answers are kept after the action succeeded: a crash in between lets a repetition run again, which the action itself
 * must refuse (an entity's name is unique). Failures are not kept, so a repetition may succeed once the cause is gone.
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
        throw new EmcachersError({ code: 'EMC-5010', detail: `The key ${key} came with another body before.` });
      // Kept by this very route, so it has the shape that the route answers with.
      if (known !== null) return known.response as Answer;
      const answer = await action();
      await store.keep({ key, requestHash, response: answer });
      return answer;
    },
  };
}
