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
  const { fleet, clock, rowsReader } = watch.services;
  let newest: FleetView | null = null;
  // Subscribe before the first read so that no view is missed in between.
  const unsubscribe = fleet.subscribe((picture) => {
    newest = picture;
  });
  try {
    yield { kind: 'fleet', fleet: await fleet.read() };
    newest = null;
    let offset: number | null = null;
    while (!watch.signal.aborted) {
      const picture: FleetView | null = newest;
      newest = null;
      if (picture !== null) yield { kind: 'fleet', fleet: picture };
      const moved = watch.entityName === null ? null : rowsReader.offset(watch.entityName);
      if (watch.entityName !== null && moved !== null && moved !== offset)
        yield { kind: 'rows-changed', entityName: watch.entityName, offset: moved };
      offset = moved;
      await clock.sleep(lookIntervalMs, watch.signal);
    }
  } finally {
    unsubscribe();
  }
}
