'use client';

import { type DehydratedState, HydrationBoundary, QueryClientProvider } from '@tanstack/react-query';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { type ReactNode, useState } from 'react';
import { Announcer } from '../live/announcer.tsx';
import { LiveProvider } from '../live/live-provider.tsx';
import { createTicker } from '../live/ticker.ts';
import { ClockSkewContext, TickerContext } from '../live/use-engine-now.ts';
import { useFleet } from '../live/use-fleet.ts';
import { TimeZoneContext, useBrowserTimeZone } from '../live/use-time-zone.ts';
import { createBrowserClient } from '../trpc/browser-client.ts';
import { createQueryClient } from '../trpc/query-client.ts';
import { TRPCProvider } from '../trpc/trpc.ts';
import { ToastArea } from './ui/toast-area.tsx';

interface ProvidersProps {
  readonly renderedAtMs: number;
  readonly firstPicture: DehydratedState;
  readonly children: ReactNode;
}

/** Creates, once per tab, everything that lives as long as the tab. */
export function Providers({ renderedAtMs, firstPicture, children }: ProvidersProps) {
  const [queryClient] = useState(createQueryClient);
  const [trpcClient] = useState(createBrowserClient);
  const [ticker] = useState(() => createTicker(renderedAtMs));
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        <HydrationBoundary state={firstPicture}>
          <TickerContext value={ticker}>
            <NuqsAdapter>
              <Announcer>
                <LiveProvider>
                  <Clocks>
                    <ToastArea>{children}</ToastArea>
                  </Clocks>
                </LiveProvider>
              </Announcer>
            </NuqsAdapter>
          </TickerContext>
        </HydrationBoundary>
      </TRPCProvider>
    </QueryClientProvider>
  );
}

/** Smaller clock differences are ignored, so that ages do not flicker. */
const skewMsMin = 2_000;

function Clocks({ children }: { readonly children: ReactNode }) {
  const { fleet, receivedAtMs } = useFleet();
  const skewMs = fleet === undefined ? 0 : Date.parse(fleet.at) - receivedAtMs;
  return (
    <TimeZoneContext value={useBrowserTimeZone()}>
      <ClockSkewContext value={Math.abs(skewMs) < skewMsMin ? 0 : skewMs}>{children}</ClockSkewContext>
    </TimeZoneContext>
  );
}
