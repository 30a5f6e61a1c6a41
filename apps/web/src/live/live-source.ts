import type { LiveMessage } from '../trpc/live-message.ts';

/** Opens the engine's stream and returns the function that closes it. */
export type OpenStream = (
  entityNames: readonly string[],
  listener: { readonly onMessage: (message: LiveMessage) => void; readonly onFailed: () => void },
) => () => void;

export interface LiveListener {
  readonly onMessage: (message: LiveMessage) => void;
  /** The stream broke. The page unsubscribes and decides when to try again. */
  readonly onFailed: () => void;
}

/**
 * Where a page gets its live messages from: its own stream, or the one that all tabs of the browser share
 * (`shared-source.ts`). Each subscription starts with a whole fleet view.
 */
export interface LiveSource {
  /** `entityName`: the entity whose rows the page shows, or null. */
  readonly subscribe: (entityName: string | null, listener: LiveListener) => () => void;
}

/** A stream for each page: for browsers that cannot share one. */
export function createOwnSource(open: OpenStream): LiveSource {
  return { subscribe: (entityName, listener) => open(entityName === null ? [] : [entityName], listener) };
}
