import { createHash } from 'node:crypto';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { IdempotencyStore } from '@emcachers/db/job/idempotency-store';
import type { Idempotency } from './idempotency.ts';

/**
 * Answers are kept after the action succeeded: a crash in between lets a repetition run again, which the action itself
 * must refuse (an entity's name is unique). Failures are not kept, so a corrected surrounding gets another chance.
 */
export function createIdempotency(store: IdempotencyStore): Idempotency {
  return {
    async once<Answer>(
      call: { readonly key: string | null; readonly route: string; readonly body: unknown },
      action: () => Promise<Answer>,
    ): Promise<Answer> {
      if (call.key === null) return action();
      const requestHash = createHash('sha256')
        .update(JSON.stringify([call.route, call.body]))
        .digest('hex');
      const known = await store.find(call.key);
      if (known !== null && known.requestHash !== requestHash)
        throw new EmcachersError({ code: 'EMC-5010', detail: `The key ${call.key} came with another body before.` });
      // Kept by this very route, so it has the shape that the route answers with.
      if (known !== null) return known.response as Answer;
      const answer = await action();
      await store.keep({ key: call.key, requestHash, response: answer });
      return answer;
    },
  };
}
