import type { AppRouter } from '@emcachers/engine/api';
import { type DehydratedState, dehydrate } from '@tanstack/react-query';
import { createTRPCClient, httpLink } from '@trpc/client';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import type { ConsoleEnvironment } from '../env.ts';
import { createQueryClient } from './query-client.ts';

/** A page without figures is better than a page that takes too long. */
const waitMsMax = 700;

/**
 * The fleet view and the actions at the time the page is rendered, so that the page opens with figures and buttons
 * instead of placeholders. What the engine does not answer in time is missing; the browser then requests it again and
 * shows the error. Server only.
 */
export async function readInitialData(environment: ConsoleEnvironment): Promise<DehydratedState> {
  const headers = environment.token === null ? {} : { authorization: `Bearer ${environment.token}` };
  const queryClient = createQueryClient();
  const client = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${environment.engineUrl}/trpc`,
        headers,
        fetch: async (input, init) =>
          fetch(input as RequestInfo, { ...(init as RequestInit), signal: AbortSignal.timeout(waitMsMax) }),
      }),
    ],
  });
  const trpc = createTRPCOptionsProxy<AppRouter>({ client, queryClient });
  await Promise.allSettled([
    queryClient.query({ ...trpc.fleet.get.queryOptions(), retry: false }),
    queryClient.query({ ...trpc.entities.actions.queryOptions(), retry: false }),
  ]);
  return dehydrate(queryClient);
}

/** For a browser that may see nothing. */
export function emptyData(): DehydratedState {
  return dehydrate(createQueryClient());
}
