'use client';

import { type ReactNode, useEffect, useMemo, useReducer } from 'react';
import { type Live, LiveContext } from './live-context.ts';
import { isStreaming, liveAtStart, nextLiveState, steadyMs } from './live-state.ts';
import { LiveStream } from './live-stream.tsx';
import { isTabPaused, keepTabPaused } from './paused-tab.ts';

/** A hidden tab closes its connection after this time, because browsers allow only six connections per address. */
const hiddenMsMax = 20_000;

/**
 * Owns the tab's one subscription and its state (see `live-state.ts`). The subscription is closed while the tab is
 * hidden for long, while updates are paused, and between retries. Each new one starts with a full fleet view.
 */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const [state, happen] = useReducer(nextLiveState, liveAtStart);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (isTabPaused()) happen('pause');
    else happen(document.visibilityState === 'visible' ? 'show' : 'hide');
    const onVisibility = () => {
      clearTimeout(timer);
      if (document.visibilityState === 'visible') happen('show');
      else timer = setTimeout(() => happen('hide'), hiddenMsMax);
    };
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, []);

  const retryInMs = 'retryInMs' in state ? state.retryInMs : null;
  const failures = 'failures' in state ? state.failures : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another failure with the same delay must start a new timer.
  useEffect(() => {
    if (retryInMs === null) return;
    const timer = setTimeout(() => happen('retry'), retryInMs);
    return () => clearTimeout(timer);
  }, [retryInMs, failures]);

  const isSettling = state.kind === 'live' && state.failures > 0;
  useEffect(() => {
    if (!isSettling) return;
    const timer = setTimeout(() => happen('held'), steadyMs);
    return () => clearTimeout(timer);
  }, [isSettling]);

  const live = useMemo<Live>(
    () => ({
      state,
      pause: () => {
        keepTabPaused(true);
        happen('pause');
      },
      resume: () => {
        keepTabPaused(false);
        happen('resume');
      },
      retryNow: () => happen('retry'),
    }),
    [state],
  );
  return (
    <LiveContext value={live}>
      {isStreaming(state) ? <LiveStream happen={happen} /> : null}
      {children}
    </LiveContext>
  );
}
