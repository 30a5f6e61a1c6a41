'use client';

import { type ReactNode, useState } from 'react';
import { Announcer } from '../live/announcer.tsx';
import { FleetProvider } from '../live/fleet-provider.tsx';
import { LiveProvider } from '../live/live-provider.tsx';
import { probeReach, type ReachProbe } from '../live/reach-probe.ts';
import { createTicker } from '../live/ticker.ts';
import { ClockSkewContext, TickerContext } from '../live/use-engine-now.ts';
import { useFleet } from '../live/use-fleet.ts';
import { TimeZoneContext, useBrowserTimeZone } from '../live/use-time-zone.ts';
import { ToastArea } from './ui/toast-area.tsx';

interface LivePartsProps {
  readonly renderedAtMs: number;
  /** Default: `/api/reach`. */
  readonly probe?: ReachProbe;
  readonly children: ReactNode;
}

/** The tab's clock, announcer, live subscription and toasts. Needs the query and tRPC clients around it. */
export function LiveParts({ renderedAtMs, probe = probeReach, children }: LivePartsProps) {
  const [ticker] = useState(() => createTicker(renderedAtMs));
  return (
    <TickerContext value={ticker}>
      <Announcer>
        <LiveProvider>
          <FleetProvider probe={probe}>
            <Clocks>
              <ToastArea>{children}</ToastArea>
            </Clocks>
          </FleetProvider>
        </LiveProvider>
      </Announcer>
    </TickerContext>
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
