import { entityNameSchema } from '@emcachers/core/shape';
import { tracked } from '@trpc/server';
import { z } from 'zod';
import { liveMessages } from './live-messages.ts';
import { procedure, router } from './trpc.ts';

/**
 * The one subscription of a console tab. It opens with a full picture, so a client that comes back after any gap needs
 * no history: `lastEventId` is accepted because the transport sends it, and is not needed.
 */
export const liveRouter = router({
  stream: procedure
    .input(z.strictObject({ entityName: entityNameSchema.optional(), lastEventId: z.string().nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const stopped = ctx.services.stopping;
      const ended = signal === undefined ? stopped : AbortSignal.any([signal, stopped]);
      let sequence = 0;
      const watch = { services: ctx.services, entityName: input.entityName ?? null, signal: ended };
      for await (const message of liveMessages(watch)) {
        sequence += 1;
        yield tracked(String(sequence), message);
      }
    }),
});
