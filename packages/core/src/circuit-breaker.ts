/**
 * A circuit breaker as data: 5 consecutive infrastructure failures open it, 30 s later (monotonic) one probe is let
 * through, and its outcome closes it or opens it for a fresh 30 s. It pauses whoever asks; it drops nothing.
 *
 * Why our own 60 lines instead of a library: those at hand measure the pause with the wall clock, so a clock that is set
 * back an hour keeps the circuit open for an hour. The states are in M. Fowler's words,
 * https://martinfowler.com/bliki/CircuitBreaker.html.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly sinceMs: number }
  | { readonly kind: 'half-open' };

export type BreakerEvent =
  /** Someone asks to pass. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'succeeded' }
  /** Infrastructure failed; a wrong input, a lost epoch or an abort is not reported here. */
  | { readonly kind: 'failed' };

export interface BreakerOptions {
  /** Consecutive failures that open it. */
  readonly failuresMax: number;
  /** Milliseconds from opening to the probe. */
  readonly openMs: number;
}

export const breakerDefaults: BreakerOptions = { failuresMax: 5, openMs: 30_000 };
export const closedBreaker: BreakerState = { kind: 'closed', failures: 0 };

export interface BreakerStep {
  readonly state: BreakerState;
  /** Answer to `asked`: whether the call may go. */
  readonly admitted: boolean;
}

/** `nowMs` is monotonic. A result that arrives while open belongs to a call from before and changes nothing. */
export function stepBreaker(
  state: BreakerState,
  event: BreakerEvent & { readonly nowMs: number },
  options: BreakerOptions = breakerDefaults,
): BreakerStep {
  switch (state.kind) {
    case 'closed':
      if (event.kind === 'asked') return { state, admitted: true };
      if (event.kind === 'succeeded') return { state: closedBreaker, admitted: false };
      return { state: afterFailure(state.failures + 1, event.nowMs, options), admitted: false };
    case 'open': {
      const due = event.kind === 'asked' && event.nowMs - state.sinceMs >= options.openMs;
      return due ? { state: { kind: 'half-open' }, admitted: true } : { state, admitted: false };
    }
    case 'half-open':
      if (event.kind === 'asked') return { state, admitted: false };
      if (event.kind === 'succeeded') return { state: closedBreaker, admitted: false };
      return { state: { kind: 'open', sinceMs: event.nowMs }, admitted: false };
  }
}

function afterFailure(failures: number, nowMs: number, options: BreakerOptions): BreakerState {
  return failures >= options.failuresMax ? { kind: 'open', sinceMs: nowMs } : { kind: 'closed', failures };
}

/** Milliseconds until `asked` can be admitted; 0 when it is now. */
export function breakerWaitMs(state: BreakerState, nowMs: number, options: BreakerOptions = breakerDefaults): number {
  return state.kind === 'open' ? Math.max(0, options.openMs - (nowMs - state.sinceMs)) : 0;
}
