import type { Clock } from '@emcachers/core/clock';

/**
 * The only file in the engine that adds listeners to an `AbortSignal`. It removes every listener when the wait ends or the handle
 * is disposed, because the engine's signals live for days and would accumulate listeners.
 */

/** Calls `action` once when the signal aborts, or now if it has aborted. Disposing removes the listener. */
export function onAbort(signal: AbortSignal, action: () => void): Disposable {
  if (signal.aborted) action();
  else signal.addEventListener('abort', action, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', action) };
}

/** Resolves when the signal aborts. Never rejects. Use it only with a signal that will abort: the wait has no other end. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    onAbort(signal, resolve);
  });
}

/**
 * The outcome of `work`, or null if the signal aborts first (or has already aborted). The work continues but is no longer
 * awaited; a later rejection is ignored.
 */
export async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value | null> {
  const aborted = Promise.withResolvers<null>();
  using _listening = onAbort(signal, () => aborted.resolve(null));
  return await Promise.race([aborted.promise, work]);
}

export interface TimeLimit {
  readonly clock: Clock;
  readonly delayMsMax: number;
}

/** The outcome of `work`, or null if `delayMsMax` passes first. As with `unlessAborted`, the work continues. */
export async function unlessLate<Value>(work: Promise<Value>, { clock, delayMsMax }: TimeLimit): Promise<Value | null> {
  const timer = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(delayMsMax, timer.signal).then(() => null)]);
  } finally {
    timer.abort();
  }
}

export interface LinkedAbort extends Disposable {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

/**
 * A controller that also aborts, with the same reason, when one of its parents aborts. Disposing it removes its listeners from
 * the parents and does not abort it. `AbortSignal.any` offers no way to remove its listeners.
 */
export function linkedAbort(...parents: readonly AbortSignal[]): LinkedAbort {
  const controller = new AbortController();
  const listening = parents.map((parent) => onAbort(parent, () => controller.abort(parent.reason)));
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]() {
      for (const listener of listening) listener[Symbol.dispose]();
    },
  };
}
