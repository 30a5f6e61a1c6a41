import { hashKey, type QueryClient, type QueryKey } from '@tanstack/react-query';

/** Reads the shown queries of a key again, because what they show has changed. */
export type Renew = (queryKey: QueryKey) => void;

/**
 * A request that runs already may have been made before the change, so another follows it. It is not cancelled: changes that come
 * faster than the engine answers would cancel every request, and the page would not move until they end. Of the changes that come
 * while a request runs, one request shows the last.
 */
export function createRenewal(queryClient: QueryClient): Renew {
  const running = new Set<string>();
  const wanted = new Set<string>();
  const readAgain = (queryKey: QueryKey) => queryClient.invalidateQueries({ queryKey }, { cancelRefetch: false });
  const renew = async (queryKey: QueryKey, hash: string): Promise<void> => {
    if (queryClient.isFetching({ queryKey, type: 'active' }) > 0) await readAgain(queryKey);
    do {
      wanted.delete(hash);
      await readAgain(queryKey);
    } while (wanted.has(hash));
    running.delete(hash);
  };
  return (queryKey) => {
    const hash = hashKey(queryKey);
    if (running.has(hash)) wanted.add(hash);
    else {
      running.add(hash);
      void renew(queryKey, hash);
    }
  };
}
