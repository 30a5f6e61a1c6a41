'use client';

import { type ReactNode, useEffect, useMemo, useReducer, useState } from 'react';
import { useTRPCClient } from '../trpc/trpc.ts';
import { createBrowserSource } from './browser-source.ts';
import { type Live, LiveContext } from './live-context.ts';
import type { LiveSource } from './live-source.ts';
import { isStreaming, liveAtStart, nextLiveState, steadyMs } from './live-state.ts';
import { LiveStream } from './live-stream.tsx';
import { isTabPaused, keepTabPaused } from './paused-tab.ts';

/** A hidden tab gives the stream back after this time. */
const hiddenMsMax = 20_000;

/**
 * Owns the tab's part in the browser's one subscription, and its state (see `live-state.ts`). The subscription is closed while the tab is
 * hidden for long, while updates are paused, and between retries. Each new one starts with a whole fleet view.
 */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const [state, happen] = useReducer(nextLiveState, liveAtStart);
  const client = useTRPCClient();
  const [source, setSource] = useState<LiveSource | null>(null);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    setSource(createBrowserSource(client));
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
  }, [client]);

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
      {isStreaming(state) && source !== null ? <LiveStream source={source} happen={happen} /> : null}
      {children}
    </LiveContext>
  );
}
