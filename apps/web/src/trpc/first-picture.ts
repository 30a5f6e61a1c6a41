import type { AppRouter } from '@emcachers/engine/api';
import { type DehydratedState, dehydrate } from '@tanstack/react-query';
import { createTRPCClient, httpLink } from '@trpc/client';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import type { ConsoleEnvironment } from '../env.ts';
import { createQueryClient } from './query-client.ts';

/** A page without figures is better than a page that takes too long. */
const waitMsMax = 700;

/**
 * The fleet view at the time the page is rendered, so that the page opens with figures instead of placeholders. Empty
 * if the engine does not answer in time; the browser then requests it again and shows the error. Server only.
 */
export async function readFirstPicture(environment: ConsoleEnvironment): Promise<DehydratedState> {
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
  await queryClient.query({ ...trpc.fleet.get.queryOptions(), retry: false }).catch(() => null);
  return dehydrate(queryClient);
}
