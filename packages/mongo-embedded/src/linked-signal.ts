/** A signal that aborts when any of others does, until it is disposed of. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Aborts this signal alone. */
  abort(): void;
}

/**
 * Links a signal to others that live longer. `AbortSignal.any` does the same, but what waits on its result stays in memory
 * for as long as the longest of them lives (measured on Node 24: 1.8 kB for each wait).
 */
export function linkSignals(others: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const other of others) {
    if (other.aborted) abort();
    else other.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    abort,
    [Symbol.dispose]() {
      for (const other of others) other.removeEventListener('abort', abort);
    },
  };
}
