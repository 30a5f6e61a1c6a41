import { use, useEffect, useState, useSyncExternalStore } from 'react';
import type { LiveState } from './live-state.ts';
import type { ReachProbe } from './reach-probe.ts';
import { type Reach, type Silence, silenceOf } from './silence.ts';
import { TickerContext } from './use-engine-now.ts';

/** Time between the end of one probe and the start of the next. */
const probePauseMs = 3_000;

interface SilenceOptions {
  /** This browser's clock when the newest facts arrived. */
  readonly knownAtMs: number;
  readonly state: LiveState['kind'];
  readonly probe: ReachProbe;
}

/** Why the page has no fresh facts; null while it has. Probes the way to the engine while it does not know. */
export function useSilence({ knownAtMs, state, probe }: SilenceOptions): Silence | null {
  const ticker = use(TickerContext);
  const [reach, setReach] = useState<Reach | null>(null);
  const read = () => silenceOf({ ageMs: ticker.now() - knownAtMs, state, reach });
  const silence = useSyncExternalStore(ticker.subscribe, read, read);
  const isAsking = silence !== null && silence !== 'paused' && silence !== 'background';

  useEffect(() => {
    if (!isAsking) return;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      const found = await probe(leaving.signal);
      if (leaving.signal.aborted) return;
      setReach(found);
      timer = setTimeout(() => void ask(), probePauseMs);
    };
    void ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
      setReach(null);
    };
  }, [isAsking, probe]);

  return silence;
}
