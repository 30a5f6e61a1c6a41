import type { EntityView, FleetView } from '@emcachers/core/api-views';
import { useQuery } from '@tanstack/react-query';
import { type EngineError, engineErrorOf } from '../trpc/engine-error.ts';
import { useTRPC } from '../trpc/trpc.ts';
import { useLive } from './live-context.ts';
import { isPolling } from './live-state.ts';

const pollMs = 4_000;

export interface FleetAnswer {
  /** The newest fleet view, however old: see `receivedAtMs`. Undefined before the first. */
  readonly fleet: FleetView | undefined;
  /** This browser's clock when the fleet view arrived. */
  readonly receivedAtMs: number;
  readonly error: EngineError | null;
  readonly tryAgain: () => void;
}

/** The fleet view: pushed by the subscription, or polled while the subscription fails. */
export function useFleet(): FleetAnswer {
  const trpc = useTRPC();
  const { state, retryNow } = useLive();
  const answer = useQuery(
    trpc.fleet.get.queryOptions(undefined, {
      staleTime: Number.POSITIVE_INFINITY,
      // The subscription already retries; retries here would only delay the error message.
      retry: false,
      refetchInterval: isPolling(state) ? pollMs : false,
    }),
  );
  const { refetch } = answer;
  return {
    fleet: answer.data,
    receivedAtMs: answer.dataUpdatedAt,
    error: answer.error === null ? null : engineErrorOf(answer.error),
    tryAgain: () => {
      retryNow();
      void refetch();
    },
  };
}

/** One entity of the fleet; undefined while the fleet is unknown, null if it has no entity of this name. */
export function findEntity(fleet: FleetView | undefined, entityName: string): EntityView | null | undefined {
  if (fleet === undefined) return undefined;
  const lower = entityName.toLowerCase();
  return fleet.entities.find((entity) => entity.entityName.toLowerCase() === lower) ?? null;
}
