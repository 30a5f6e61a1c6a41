import type { CacheIndex } from '@emcachers/core/cache-index';
import { useMutation } from '@tanstack/react-query';
import { type EngineError, engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPCClient } from '../../trpc/trpc.ts';

export interface SetIndexes {
  /** Resolves to whether the engine accepted the list. */
  readonly set: (indexes: readonly CacheIndex[]) => Promise<boolean>;
  readonly isPending: boolean;
  readonly error: EngineError | null;
}

/** Declares the indexes of an entity. The nodes' progress arrives with the live state of the entity. */
export function useSetIndexes(entityName: string): SetIndexes {
  const client = useTRPCClient();
  const request = useMutation({
    mutationFn: (indexes: readonly CacheIndex[]) =>
      client.entities.setIndexes.mutate({
        entityName,
        indexes: indexes.map(({ columns }) => ({ columns: [...columns] })),
      }),
  });
  return {
    isPending: request.isPending,
    error: request.error === null ? null : engineErrorOf(request.error),
    set: async (indexes) => {
      try {
        await request.mutateAsync(indexes);
        return true;
      } catch {
        return false;
      }
    },
  };
}
