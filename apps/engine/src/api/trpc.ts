import { initTRPC, TRPCError } from '@trpc/server';
import type { ApiContext } from './api-context.ts';
import { describeError, trpcCodeOf } from './api-error.ts';

/** Ping interval of the live stream, milliseconds. A client reconnects after three intervals without data. */
const pingIntervalMs = 2_000;

const trpc = initTRPC.context<ApiContext>().create({
  // Stack traces would expose file paths to clients.
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

/** Base procedure: errors of the catalogue keep their HTTP status instead of becoming 500. */
export const procedure = trpc.procedure.use(async ({ next }) => {
  const result = await next();
  // What tRPC refuses itself has its status already.
  if (result.ok || result.error.code !== 'INTERNAL_SERVER_ERROR' || result.error.cause === undefined) return result;
  const { status, detail } = describeError(result.error);
  throw new TRPCError({ code: trpcCodeOf(status), message: detail, cause: result.error.cause });
});
