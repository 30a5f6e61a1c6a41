import type { FleetView } from '@emcachers/core/api-views';
import { applyDifference } from '@emcachers/core/json-difference';
import type { LiveMessage } from '../trpc/live-message.ts';

/** What a page makes of a live message: a whole view again, or news about rows. */
export type LiveNews =
  | { readonly kind: 'fleet'; readonly fleet: FleetView }
  | { readonly kind: 'rows-changed'; readonly entityName: string }
  | { readonly kind: 'beat' };

export interface FleetAssembler {
  /** Null if the message changes a view that this page does not have; it then needs a whole one. */
  readonly take: (message: LiveMessage) => LiveNews | null;
  readonly fleet: () => FleetView | null;
}

/** Makes whole views of differences. */
export function createFleetAssembler(): FleetAssembler {
  let fleet: FleetView | null = null;
  return {
    fleet: () => fleet,
    take: (message) => {
      if (message.kind === 'rows-changed' || message.kind === 'beat') return message;
      const view = message.kind === 'fleet' ? message.fleet : changed(fleet, message);
      if (view === null) return null;
      fleet = view;
      return { kind: 'fleet', fleet: view };
    },
  };
}

type Changes = Extract<LiveMessage, { kind: 'fleet-changes' }>;

function changed(fleet: FleetView | null, { from, changes }: Changes): FleetView | null {
  return fleet === null || fleet.at !== from ? null : applyDifference(fleet, changes);
}
