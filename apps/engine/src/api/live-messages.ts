import type { FleetView } from '@emcachers/core/api-views';
import type { ApiServices } from './api-context.ts';

/**
 * What one console tab hears. All tabs share the process's one sampler (`control/fleet.ts`); a slow tab skips pictures
 * instead of queueing them (I11): between two messages only the newest picture is kept.
 */
export type LiveMessage =
  | { readonly kind: 'fleet'; readonly fleet: FleetView }
  /** The cache of the entity that was asked for has moved to this offset: rows shown may be old. */
  | { readonly kind: 'rows-changed'; readonly entityName: string; readonly offset: number };

export interface LiveWatch {
  readonly services: Pick<ApiServices, 'fleet' | 'clock'>;
  readonly entityName: string | null;
  readonly signal: AbortSignal;
}

/** `rows-changed` comes at most this often, milliseconds between two. */
const rowsChangedIntervalMs = 250;

export async function* liveMessages(watch: LiveWatch): AsyncGenerator<LiveMessage, void, undefined> {
  const inbox = openInbox(watch);
  try {
    yield { kind: 'fleet', fleet: await watch.services.fleet.read() };
    let offset: number | null = null;
    while (!watch.signal.aborted) {
      const fleet = await inbox.next();
      if (fleet === null) return;
      yield { kind: 'fleet', fleet };
      const moved = offsetOf(fleet, watch.entityName);
      if (watch.entityName !== null && moved !== null && moved !== offset)
        yield { kind: 'rows-changed', entityName: watch.entityName, offset: moved };
      offset = moved ?? offset;
      await watch.services.clock.sleep(rowsChangedIntervalMs, watch.signal);
    }
  } finally {
    inbox.close();
  }
}

/** Keeps the newest picture only, and wakes the one reader. */
function openInbox(watch: LiveWatch): { next(): Promise<FleetView | null>; close(): void } {
  let newest: FleetView | null = null;
  let wake: (() => void) | null = null;
  const ring = () => wake?.();
  const unsubscribe = watch.services.fleet.subscribe((fleet) => {
    newest = fleet;
    ring();
  });
  watch.signal.addEventListener('abort', ring);
  return {
    async next() {
      while (newest === null && !watch.signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
      }
      const fleet = newest;
      newest = null;
      return watch.signal.aborted ? null : fleet;
    },
    close() {
      unsubscribe();
      watch.signal.removeEventListener('abort', ring);
    },
  };
}

function offsetOf(fleet: FleetView, entityName: string | null): number | null {
  return fleet.entities.find((entity) => entity.entityName === entityName)?.offset ?? null;
}
