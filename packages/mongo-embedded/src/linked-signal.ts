/** A signal that aborts when any linked signal aborts, until it is disposed. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Aborts only this signal. */
  abort(): void;
}

/**
 * Links a signal to longer-lived ones. `AbortSignal.any` would leak: its listeners stay in memory as long as the
 * longest-lived signal (measured on Node 24: 1.8 kB per wait).
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
