import type { Clock } from '@emcachers/core/clock';

/**
 * The only file of the engine that listens to an `AbortSignal`. Every listener it adds is removed when the wait ends or
 * the handle is disposed, because the engine's own signals live for days and would collect what was left on them.
 */

/** Calls `action` once when the signal aborts, or now if it has aborted. Disposing removes the listener. */
export function onAbort(signal: AbortSignal, action: () => void): Disposable {
  if (signal.aborted) action();
  else signal.addEventListener('abort', action, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', action) };
}

/** Resolves when the signal aborts; never rejects. For a signal that is sure to abort: the wait has no other end. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    onAbort(signal, resolve);
  });
}

/**
 * The work's outcome, or null if the signal aborts first (or has aborted already). The work itself is not stopped, only
 * no longer waited for; if it rejects later, nobody hears of it.
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

/** The work's outcome, or null if `delayMsMax` passes first. As with `unlessAborted`, the work goes on. */
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
 * A controller that also aborts, with the same reason, when one of the parents does. Disposing removes its listeners from
 * the parents and does not abort it. `AbortSignal.any` does this without a way to remove anything.
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
