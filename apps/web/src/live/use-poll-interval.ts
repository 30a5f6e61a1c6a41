import { useLive } from './live-context.ts';

/** The interval, or false while updates are paused or the tab is hidden. For what the stream does not push. */
export function usePollInterval(intervalMs: number): number | false {
  const { kind } = useLive().state;
  return kind === 'paused' || kind === 'hidden' ? false : intervalMs;
}
