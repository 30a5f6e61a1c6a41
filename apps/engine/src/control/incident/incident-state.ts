/** What the status says of a cause: it is there, it is not, or too little is known. */
export type Sighting = 'seen' | 'gone' | 'undecided';

/** Durations, milliseconds. */
export interface Holds {
  /** A cause that lasts this long opens an incident. */
  readonly openMs: number;
  /** One that is gone for this long closes it. */
  readonly closeMs: number;
}

/** A cause and what is stored of it. */
export interface IncidentState {
  readonly sighting: Sighting;
  /** A cause that opens an incident at once. */
  readonly isMomentous: boolean;
  /** The open incident; null if there is none. */
  readonly open: { readonly lastSeenAtMs: number } | null;
  /** Since when the cause is watched; null if it is not. */
  readonly candidate: { readonly firstSeenAtMs: number; readonly lastSeenAtMs: number } | null;
  readonly nowMs: number;
  readonly holds: Holds;
}

/** `watch` also says that a watched cause is still there; `see` says so of an incident. */
export type StateStep = 'none' | 'watch' | 'unwatch' | 'open' | 'see' | 'close';

/**
 * The life of an incident: watched, open, closed. A cause that comes and goes in less than the hold to close counts as one that lasts,
 * so that flapping is one incident. Pure.
 */
export function nextStep(state: IncidentState): StateStep {
  switch (state.sighting) {
    case 'undecided':
      return 'none';
    case 'seen':
      return state.open === null ? stepOfUnopened(state) : 'see';
    case 'gone':
      return stepOfGone(state);
  }
}

function stepOfUnopened({ isMomentous, candidate, nowMs, holds }: IncidentState): StateStep {
  const lastedMs = candidate === null ? 0 : nowMs - candidate.firstSeenAtMs;
  return isMomentous || lastedMs >= holds.openMs ? 'open' : 'watch';
}

function stepOfGone({ open, candidate, nowMs, holds }: IncidentState): StateStep {
  const stored = open ?? candidate;
  if (stored === null || nowMs - stored.lastSeenAtMs < holds.closeMs) return 'none';
  return open === null ? 'unwatch' : 'close';
}
