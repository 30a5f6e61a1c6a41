import { QueryClient } from '@tanstack/react-query';
import { engineErrorOf } from './engine-error.ts';

const staleMs = 5_000;
const retriesMax = 1;
const retryDelayMs = 500;

/**
 * Nothing is asked again because a window was focused or a network came back: the subscription brings a new picture
 * then, and a paused console must stay as it is.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: staleMs,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        retryDelay: retryDelayMs,
        retry: (failures, error) => failures < retriesMax && engineErrorOf(error).isPassing,
      },
    },
  });
}
