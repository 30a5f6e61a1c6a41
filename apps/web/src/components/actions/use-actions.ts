'use client';

import type { AppRouter } from '@emcachers/engine/api';
import { useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { type EngineError, engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';

/** The actions that the engine offers for an entity, with their texts. */
export type ActionView = inferRouterOutputs<AppRouter>['entities']['actions'][number];
export type ActionKind = ActionView['kind'];

/** The table changes only with the engine's version. */
export const actionsStaleMs = 600_000;

export interface Actions {
  /** Empty until the engine has answered. */
  readonly actions: readonly ActionView[];
  readonly error: EngineError | null;
}

export function useActions(): Actions {
  const trpc = useTRPC();
  const { data, error } = useQuery(trpc.entities.actions.queryOptions(undefined, { staleTime: actionsStaleMs }));
  return { actions: data ?? [], error: error === null ? null : engineErrorOf(error) };
}
