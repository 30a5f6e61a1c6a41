/**
 * Rates of monotonic counters, sampled once a second: the current rate over ten seconds, and a history of 60
 * five-second points for the console's sparklines. Bounded: 300 s of samples per key; removed keys are dropped (I11).
 * If a counter decreases (its process restarted), a new series starts instead of a negative rate.
 */
export interface Rates {
  /** `nowMs` is monotonic. */
  observe(key: string, total: number, nowMs: number): void;
  /** Null until there are two samples at least a second apart. */
  perSecond(key: string): number | null;
  /** Always 60 points, oldest first; 0 for a point without a measurement. */
  history(key: string): number[];
  /** Drops every key that was not observed since the last call. */
  forgetSilent(): void;
}

export const historyPoints = 60;
const pointMs = 5_000;
const windowMs = 10_000;

interface Series {
  /** Samples of the last ten seconds, oldest first. */
  samples: { atMs: number; total: number }[];
  /** Sums by five-second slot. A slot's number is the time divided by the slot length. */
  slots: Map<number, number>;
  newestSlot: number;
  observed: boolean;
}

export function createRates(): Rates {
  const all = new Map<string, Series>();
  return {
    observe(key, total, nowMs) {
      const series = all.get(key) ?? { samples: [], slots: new Map<number, number>(), newestSlot: 0, observed: true };
      all.set(key, series);
      observe(series, total, nowMs);
    },
    perSecond(key) {
      const samples = all.get(key)?.samples ?? [];
      const first = samples[0];
      const last = samples.at(-1);
      if (first === undefined || last === undefined || last.atMs - first.atMs < 900) return null;
      return ((last.total - first.total) * 1_000) / (last.atMs - first.atMs);
    },
    history(key) {
      const series = all.get(key);
      return Array.from({ length: historyPoints }, (_, index) => {
        if (series === undefined) return 0;
        const slot = series.newestSlot - (historyPoints - 1 - index);
        return ((series.slots.get(slot) ?? 0) * 1_000) / pointMs;
      });
    },
    forgetSilent() {
      for (const [key, series] of all) {
        if (!series.observed) all.delete(key);
        series.observed = false;
      }
    },
  };
}

function observe(series: Series, total: number, nowMs: number): void {
  series.observed = true;
  const previous = series.samples.at(-1);
  if (previous !== undefined && total < previous.total) series.samples = [];
  const growth = previous === undefined ? 0 : Math.max(0, total - previous.total);
  series.samples.push({ atMs: nowMs, total });
  series.samples = series.samples.filter((sample) => nowMs - sample.atMs <= windowMs);
  series.newestSlot = Math.floor(nowMs / pointMs);
  series.slots.set(series.newestSlot, (series.slots.get(series.newestSlot) ?? 0) + growth);
  for (const slot of series.slots.keys()) if (slot <= series.newestSlot - historyPoints) series.slots.delete(slot);
}
