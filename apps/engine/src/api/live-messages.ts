import type { FleetView } from '@emcachers/core/api-views';
import type { ApiServices } from './api-context.ts';

/**
 * A message to one console tab. All tabs share the process's sampler (`control/fleet/fleet-sampler.ts`). A slow tab
 * skips views instead of buffering them (I11): between two messages only the newest view is kept.
 */
export type LiveMessage =
  | { readonly kind: 'fleet'; readonly fleet: FleetView }
  /** This node's cache of the watched entity has moved to this offset, so the rows in the tab may be out of date. */
  | { readonly kind: 'rows-changed'; readonly entityName: string; readonly offset: number };

export interface LiveWatch {
  readonly services: Pick<ApiServices, 'fleet' | 'clock' | 'rowsReader'>;
  readonly entityName: string | null;
  readonly signal: AbortSignal;
}

/** Minimum interval between messages, milliseconds. */
const lookIntervalMs = 250;

export async function* liveMessages(watch: LiveWatch): AsyncGenerator<LiveMessage, void, undefined> {
  const { fleet, clock } = watch.services;
  let newest: FleetView | null = null;
  // Subscribe before the first read so that no view is missed in between.
  const unsubscribe = fleet.subscribe((view) => {
    newest = view;
  });
  try {
    yield { kind: 'fleet', fleet: await fleet.read() };
    newest = null;
    let offset: number | null = null;
    while (!watch.signal.aborted) {
      const view: FleetView | null = newest;
      newest = null;
      if (view !== null) yield { kind: 'fleet', fleet: view };
      const rows = currentRows(watch);
      if (rows !== null && rows.offset !== offset) yield rows;
      offset = rows?.offset ?? null;
      await clock.sleep(lookIntervalMs, watch.signal);
    }
  } finally {
    unsubscribe();
  }
}

/** The message for the watched entity's current offset. Null if none is watched or this node has no readable cache of it. */
function currentRows({ services, entityName }: LiveWatch): Extract<LiveMessage, { kind: 'rows-changed' }> | null {
  if (entityName === null) return null;
  const offset = services.rowsReader.offset(entityName);
  return offset === null ? null : { kind: 'rows-changed', entityName, offset };
}
