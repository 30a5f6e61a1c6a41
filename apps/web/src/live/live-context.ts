import { createContext, use } from 'react';
import { type LiveState, liveAtStart } from './live-state.ts';

export interface Live {
  readonly state: LiveState;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Retries immediately. */
  readonly retryNow: () => void;
}

const nothing = () => {};

export const LiveContext = createContext<Live>({
  state: liveAtStart,
  pause: nothing,
  resume: nothing,
  retryNow: nothing,
});

export function useLive(): Live {
  return use(LiveContext);
}
