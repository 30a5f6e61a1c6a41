import { createContext, use, useSyncExternalStore } from 'react';
import { createTicker } from './ticker.ts';

export const TickerContext = createContext(createTicker(0));

/** The engine's clock minus this browser's, milliseconds, so that ages are right on a machine whose clock is wrong. */
export const ClockSkewContext = createContext(0);

/** This browser's clock, milliseconds, renewed once a second. */
export function useNow(): number {
  const ticker = use(TickerContext);
  return useSyncExternalStore(ticker.subscribe, ticker.now, ticker.now);
}

/** The present as of the last render, in the engine's time; does not renew the component by itself. */
export function usePageNow(): number {
  return use(TickerContext).now() + use(ClockSkewContext);
}

/** The present in the engine's time, for the age of what the engine tells. */
export function useEngineNow(): number {
  return useNow() + use(ClockSkewContext);
}
