import { entityNameSchema } from '@emcachers/core/shape';
import { tracked } from '@trpc/server';
import { z } from 'zod';
import { liveMessages } from './live-messages.ts';
import { procedure, router } from './trpc.ts';

/**
 * The subscription of a console tab. It starts with a full view, so a client that reconnects needs no history. The
 * transport sends `lastEventId`, so the input accepts it, but it is not used.
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
