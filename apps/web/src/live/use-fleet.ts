import type { EntityView, FleetView } from '@emcachers/core/api-views';
import { createContext, use } from 'react';
import type { EngineError } from '../trpc/engine-error.ts';
import type { Silence } from './silence.ts';

export interface FleetAnswer {
  /**
   * The newest fleet view; while it is too old to say anything about now, with every verdict unknown (`as-of.ts`).
   * Undefined before the first.
   */
  readonly fleet: FleetView | undefined;
  /** This browser's clock when the fleet view arrived. */
  readonly receivedAtMs: number;
  /** Why nothing newer has arrived; null while the fleet view is fresh. */
  readonly silence: Silence | null;
  /** The time since which the state is unknown, in words; null while the fleet view is fresh or if there is none. */
  readonly unknownSince: string | null;
  readonly error: EngineError | null;
  readonly tryAgain: () => void;
}

export const FleetContext = createContext<FleetAnswer>({
  fleet: undefined,
  receivedAtMs: 0,
  silence: null,
  unknownSince: null,
  error: null,
  tryAgain: () => {},
});

/** The fleet view, how old it is, and why if it is old. */
export function useFleet(): FleetAnswer {
  return use(FleetContext);
}

/** One entity of the fleet; undefined while the fleet is unknown, null if it has no entity of this name. */
export function findEntity(fleet: FleetView | undefined, entityName: string): EntityView | null | undefined {
  if (fleet === undefined) return undefined;
  const lower = entityName.toLowerCase();
  return fleet.entities.find((entity) => entity.entityName.toLowerCase() === lower) ?? null;
}
