import { QueryClient } from '@tanstack/react-query';
import { engineErrorOf } from './engine-error.ts';

const staleMs = 5_000;
const retriesMax = 1;
const retryDelayMs = 500;

/**
 * Focusing the window and reconnecting do not refetch: the subscription delivers a new fleet view then, and a paused
 * console must not change.
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
