import { createContext, use, useSyncExternalStore } from 'react';
import { createTicker } from './ticker.ts';

export const TickerContext = createContext(createTicker(0));

/** The engine's clock minus this browser's, milliseconds, so that ages are correct if the browser's clock is wrong. */
export const ClockSkewContext = createContext(0);

/** This browser's clock, milliseconds, updated once a second. */
export function useNow(): number {
  const ticker = use(TickerContext);
  return useSyncExternalStore(ticker.subscribe, ticker.now, ticker.now);
}

/** The engine's time at the last render; does not re-render the component. */
export function usePageNow(): number {
  return use(TickerContext).now() + use(ClockSkewContext);
}

/** The engine's current time, for the age of the engine's timestamps. */
export function useEngineNow(): number {
  return useNow() + use(ClockSkewContext);
}
