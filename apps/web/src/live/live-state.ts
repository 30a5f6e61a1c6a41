/**
 * The state machine of the tab's one subscription, as data. `live-provider.tsx` owns the connection and the timers. It
 * keeps I12 on the screen: figures that are no longer updated are never called live. Worst case: the console
 * polls although it could stream.
 */
export type LiveState =
  /** Before the page knows whether the tab is visible and whether its updates are paused: no stream is opened yet. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'connecting'; readonly failures: number }
  /** `failures` counts the failures before it. The count is reset only after the stream has been steady, so that a
   * stream that fails after its first message is not reopened in a tight loop. */
  | { readonly kind: 'live'; readonly failures: number }
  | { readonly kind: 'reconnecting'; readonly failures: number; readonly retryInMs: number }
  | { readonly kind: 'polling'; readonly failures: number; readonly retryInMs: number }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'paused' };

/** `held`: the stream has delivered data for `steadyMs` without interruption. */
export type LiveHappening = 'data' | 'held' | 'failed' | 'retry' | 'pause' | 'resume' | 'hide' | 'show';

/** After this many consecutive failures the console polls and says so. */
export const pollingAfterFailures = 4;
/** While polling, the console retries the stream at this interval. */
export const pollingRetryMs = 20_000;
export const steadyMs = 10_000;
const retryMsFirst = 500;
const retryMsMax = 8_000;

export const liveAtStart: LiveState = { kind: 'starting' };
const connecting: LiveState = { kind: 'connecting', failures: 0 };

const transitions: Readonly<Record<LiveHappening, (state: LiveState) => LiveState>> = {
  pause: () => ({ kind: 'paused' }),
  resume: (state) => (state.kind === 'paused' ? connecting : state),
  hide: (state) => (state.kind === 'paused' ? state : { kind: 'hidden' }),
  show: (state) => (state.kind === 'hidden' || state.kind === 'starting' ? connecting : state),
  data: (state) => (state.kind === 'connecting' ? { kind: 'live', failures: state.failures } : state),
  held: (state) => (state.kind === 'live' && state.failures > 0 ? { kind: 'live', failures: 0 } : state),
  retry: (state) => (isWaitingToRetry(state) ? { kind: 'connecting', failures: state.failures } : state),
  failed: afterFailure,
};

/** A transition that does not apply returns the same state. */
export function nextLiveState(state: LiveState, happening: LiveHappening): LiveState {
  return transitions[happening](state);
}

function isWaitingToRetry(state: LiveState): state is Extract<LiveState, { retryInMs: number }> {
  return state.kind === 'reconnecting' || state.kind === 'polling';
}

function afterFailure(state: LiveState): LiveState {
  if (!isStreaming(state)) return state;
  const failures = state.failures + 1;
  if (failures >= pollingAfterFailures) return { kind: 'polling', failures, retryInMs: pollingRetryMs };
  return { kind: 'reconnecting', failures, retryInMs: Math.min(retryMsMax, retryMsFirst * 2 ** (failures - 1)) };
}

/** Whether a subscription is open or opening in this state. */
export function isStreaming(state: LiveState): state is Extract<LiveState, { kind: 'connecting' | 'live' }> {
  return state.kind === 'connecting' || state.kind === 'live';
}

/** Whether queries must be polled because nothing is pushed. */
export function isPolling(state: LiveState): boolean {
  return state.kind === 'polling' || (state.kind === 'connecting' && state.failures >= pollingAfterFailures);
}
