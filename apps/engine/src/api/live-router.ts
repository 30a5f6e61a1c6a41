import { entityNameSchema } from '@emcachers/core/shape';
import { tracked } from '@trpc/server';
import { z } from 'zod';
import { liveMessages } from './live-messages.ts';
import { procedure, router } from './trpc.ts';

/** The offset of each watched entity is read four times a second. */
const watchedMax = 20;

/**
 * The subscription of a browser, for all its console tabs. It starts with a full view, so a client that reconnects needs no history. The
 * transport sends `lastEventId`, so the input accepts it, but it is not used.
 */
export const liveRouter = router({
  stream: procedure
    .input(
      z.strictObject({
        entityNames: z.array(entityNameSchema).max(watchedMax).default([]),
        lastEventId: z.string().nullish(),
      }),
    )
    .subscription(async function* ({ ctx, input, signal }) {
      const stopped = ctx.services.stopping;
      const ended = signal === undefined ? stopped : AbortSignal.any([signal, stopped]);
      let sequence = 0;
      const watch = { services: ctx.services, entityNames: input.entityNames, signal: ended };
      for await (const message of liveMessages(watch)) {
        sequence += 1;
        yield tracked(String(sequence), message);
      }
    }),
});
