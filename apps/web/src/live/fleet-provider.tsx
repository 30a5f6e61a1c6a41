'use client';

import { useQuery } from '@tanstack/react-query';
import { type ReactNode, use, useMemo, useState } from 'react';
import { asOf } from '../entity-facts/as-of.ts';
import { formatMoment } from '../format/times.ts';
import { engineErrorOf } from '../trpc/engine-error.ts';
import { useTRPC } from '../trpc/trpc.ts';
import { useLive } from './live-context.ts';
import { isPolling } from './live-state.ts';
import type { ReachProbe } from './reach-probe.ts';
import { TickerContext } from './use-engine-now.ts';
import { type FleetAnswer, FleetContext } from './use-fleet.ts';
import { useSilence } from './use-silence.ts';
import { useBrowserTimeZone } from './use-time-zone.ts';

const pollMs = 4_000;

interface FleetProviderProps {
  readonly probe: ReachProbe;
  readonly children: ReactNode;
}

/**
 * The fleet view for the whole page: pushed by the subscription, or polled while the subscription fails. It is the only way by
 * which a page learns a status, and it lets no status out that is too old (I12): headline, pills, dots and icon agree.
 */
export function FleetProvider({ probe, children }: FleetProviderProps) {
  const trpc = useTRPC();
  const { state, retryNow } = useLive();
  const ticker = use(TickerContext);
  const timeZone = useBrowserTimeZone();
  const [openedAtMs] = useState(ticker.now);
  const { data, dataUpdatedAt, error, refetch } = useQuery(
    trpc.fleet.get.queryOptions(undefined, {
      staleTime: Number.POSITIVE_INFINITY,
      // The subscription already retries; retries here would only delay the error message.
      retry: false,
      refetchInterval: isPolling(state) ? pollMs : false,
    }),
  );
  const knownAtMs = data === undefined ? openedAtMs : dataUpdatedAt;
  const silence = useSilence({ knownAtMs, state: state.kind, probe });
  const answer = useMemo<FleetAnswer>(() => {
    const isOld = silence !== null && data !== undefined;
    const at = isOld ? formatMoment(dataUpdatedAt, { nowMs: ticker.now(), timeZone }) : null;
    return {
      fleet: at === null || data === undefined ? data : asOf(data, at),
      receivedAtMs: dataUpdatedAt,
      silence,
      unknownSince: at,
      error: error === null ? null : engineErrorOf(error),
      tryAgain: () => {
        retryNow();
        void refetch();
      },
    };
  }, [data, dataUpdatedAt, silence, error, ticker, timeZone, retryNow, refetch]);
  return <FleetContext value={answer}>{children}</FleetContext>;
}
