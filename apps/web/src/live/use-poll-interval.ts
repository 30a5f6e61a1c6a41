import { useLive } from './live-context.ts';

/** The interval, or false while the reader has paused the page or does not see it: nothing moves then. */
export function usePollInterval(intervalMs: number): number | false {
  const { kind } = useLive().state;
  return kind === 'paused' || kind === 'hidden' ? false : intervalMs;
}
