/**
 * A circuit breaker as a pure state machine. Five consecutive infrastructure failures open it. After 30 s (monotonic) it
 * admits one probe, whose outcome closes it or opens it for another 30 s. It makes callers wait; it drops nothing.
 *
 * Why not a library: cockatiel measures the pause with the wall clock, so setting the clock back one hour keeps the
 * circuit open for an hour. The states are named as by M. Fowler,
 * https://martinfowler.com/bliki/CircuitBreaker.html.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly sinceMs: number }
  | { readonly kind: 'half-open' };

/** What the breaker reacts to. */
export type BreakerInput =
  /** A caller wants to make a call. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'succeeded' }
  /** An infrastructure failure. Invalid input, a lost epoch or an abort must not be reported as one. */
  | { readonly kind: 'failed' };

/** When the breaker opens and for how long. */
export interface BreakerOptions {
  /** Number of consecutive failures that opens it. */
  readonly failuresMax: number;
  /** Milliseconds from opening to the probe. */
  readonly openMs: number;
}

export const breakerDefaults: BreakerOptions = { failuresMax: 5, openMs: 30_000 };
export const closedBreaker: BreakerState = { kind: 'closed', failures: 0 };

/** The state after an event. */
export interface BreakerStep {
  readonly state: BreakerState;
  /** For `asked`: true if the call may proceed. */
  readonly admitted: boolean;
}

/** `nowMs` is monotonic. A result that arrives while open belongs to an earlier call and is ignored. */
export function stepBreaker(
  state: BreakerState,
  input: BreakerInput & { readonly nowMs: number },
  options: BreakerOptions = breakerDefaults,
): BreakerStep {
  switch (input.kind) {
    case 'asked':
      return afterAsking(state, input.nowMs, options);
    case 'succeeded':
      return { state: state.kind === 'open' ? state : closedBreaker, admitted: false };
    case 'failed':
      return { state: afterFailure(state, input.nowMs, options), admitted: false };
  }
}

function afterAsking(state: BreakerState, nowMs: number, options: BreakerOptions): BreakerStep {
  const isProbeDue = state.kind === 'open' && nowMs - state.sinceMs >= options.openMs;
  return isProbeDue ? { state: { kind: 'half-open' }, admitted: true } : { state, admitted: state.kind === 'closed' };
}

function afterFailure(state: BreakerState, nowMs: number, options: BreakerOptions): BreakerState {
  switch (state.kind) {
    case 'open':
      return state;
    case 'half-open':
      return { kind: 'open', sinceMs: nowMs };
    case 'closed': {
      const failures = state.failures + 1;
      return failures >= options.failuresMax ? { kind: 'open', sinceMs: nowMs } : { kind: 'closed', failures };
    }
  }
}

/** Milliseconds until `asked` can be admitted; 0 if now. */
export function breakerWaitMs(state: BreakerState, nowMs: number, options: BreakerOptions = breakerDefaults): number {
  return state.kind === 'open' ? Math.max(0, options.openMs - (nowMs - state.sinceMs)) : 0;
}
