import { initTRPC, TRPCError } from '@trpc/server';
import type { ApiContext } from './api-context.ts';
import { describeError, trpcCodeOf } from './api-error.ts';

/** Milliseconds; a proxy or a browser that hears nothing for three of these opens the stream again. */
const pingIntervalMs = 2_000;

const trpc = initTRPC.context<ApiContext>().create({
  // Stacks would show paths of the machine to whoever can reach the port.
  isDev: false,
  sse: {
    ping: { enabled: true, intervalMs: pingIntervalMs },
    client: { reconnectAfterInactivityMs: 3 * pingIntervalMs },
  },
  errorFormatter({ shape, error, ctx }) {
    const described = describeError(error);
    return {
      ...shape,
      message: described.detail,
      data: {
        ...shape.data,
        emcCode: described.code,
        title: described.title,
        detail: described.detail,
        hint: described.hint,
        correlationId: ctx?.correlationId ?? null,
        fields: described.fields,
      },
    };
  },
});

export const router = trpc.router;

/** A procedure whose catalogue errors keep their HTTP status instead of becoming 500. */
export const procedure = trpc.procedure.use(async ({ next }) => {
  const result = await next();
  if (result.ok || result.error.cause === undefined) return result;
  const { status, detail } = describeError(result.error);
  throw new TRPCError({ code: trpcCodeOf(status), message: detail, cause: result.error.cause });
});
