import type { FleetView } from '@emcachers/core/api-views';
import { type Difference, differenceOf } from '@emcachers/core/json-difference';
import type { ApiServices } from './api-context.ts';

/**
 * A message to one browser. All browsers share the process's sampler (`control/fleet/fleet-sampler.ts`). A slow one
 * skips views instead of buffering them (I11): between two messages only the newest view is kept.
 */
export type LiveMessage =
  | { readonly kind: 'fleet'; readonly fleet: FleetView }
  /** What changed since the view of the time `from`, which is the one that was sent before. */
  | { readonly kind: 'fleet-changes'; readonly from: string; readonly changes: Difference }
  /** This node's cache of a watched entity has moved to this offset, so rows that are shown may be out of date. */
  | { readonly kind: 'rows-changed'; readonly entityName: string; readonly offset: number }
  /** Nothing is new, but the stream works. */
  | { readonly kind: 'beat' };

export interface LiveWatch {
  readonly services: Pick<ApiServices, 'fleet' | 'clock' | 'rowsReader'>;
  /** The entities whose rows are shown. */
  readonly entityNames: readonly string[];
  readonly signal: AbortSignal;
}

/** Minimum interval between messages, milliseconds. */
const lookIntervalMs = 250;
/** Longest pause between messages. The sampler pauses longer while PostgreSQL does not answer. */
const beatMs = 1_000;

export async function* liveMessages(watch: LiveWatch): AsyncGenerator<LiveMessage, void, undefined> {
  const { fleet, clock } = watch.services;
  let newest: FleetView | null = null;
  // Subscribe before the first read so that no view is missed in between.
  const unsubscribe = fleet.subscribe((view) => {
    newest = view;
  });
  try {
    const first = await fleet.read();
    yield { kind: 'fleet', fleet: first };
    newest = null;
    const news = createNews(watch, first);
    while (!watch.signal.aborted) {
      const view: FleetView | null = newest;
      newest = null;
      yield* news(view);
      await clock.sleep(lookIntervalMs, watch.signal);
    }
  } finally {
    unsubscribe();
  }
}

/** The messages since the last call; a beat if there has been none for long. `view` is the newest one, null if there is none. */
function createNews(watch: LiveWatch, first: FleetView): (view: FleetView | null) => LiveMessage[] {
  const { clock } = watch.services;
  const movedRows = createMovedRows(watch);
  let sent = first;
  let spokenAtMs = clock.monotonicMs();
  return (view) => {
    const messages = [...(view === null ? [] : changesSince(sent, view)), ...movedRows()];
    sent = view ?? sent;
    const isDue = clock.monotonicMs() - spokenAtMs >= beatMs;
    if (messages.length === 0 && isDue) messages.push({ kind: 'beat' });
    if (messages.length > 0) spokenAtMs = clock.monotonicMs();
    return messages;
  };
}

function changesSince(sent: FleetView, view: FleetView): LiveMessage[] {
  const changes = differenceOf(sent, view);
  return changes === null ? [] : [{ kind: 'fleet-changes', from: sent.at, changes }];
}

/** Each call returns the watched caches whose offset has moved since the call before; at first, all that are readable. */
function createMovedRows({ services, entityNames }: LiveWatch): () => LiveMessage[] {
  let sent: ReadonlyMap<string, number> = new Map();
  return () => {
    const offsets = services.rowsReader.offsets(entityNames);
    const moved = [...offsets].filter(([entityName, offset]) => offset !== sent.get(entityName));
    // A cache that cannot be read now keeps the offset that was sent.
    sent = new Map([...sent, ...moved]);
    return moved.map(([entityName, offset]) => ({ kind: 'rows-changed', entityName, offset }));
  };
}
