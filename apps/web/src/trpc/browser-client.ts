import type { AppRouter } from '@emcachers/engine/api';
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCClient,
} from '@trpc/client';

const url = '/api/trpc';
/** Calls that sample the source can take seconds and would delay all other calls in their batch. */
const slowCalls = new Set(['sources.sample', 'sources.preview', 'sources.list']);

/** The browser's client for the engine; it uses the console's own address only. */
export function createBrowserClient(): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url }),
        false: splitLink({
          condition: (operation) => slowCalls.has(operation.path),
          true: httpLink({ url }),
          false: httpBatchLink({ url }),
        }),
      }),
    ],
  });
}
