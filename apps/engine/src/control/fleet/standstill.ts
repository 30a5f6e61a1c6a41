/** Measures for each key how long its value has not changed, to detect stalled components. */
export interface Standstill {
  /** Milliseconds since the value last changed; 0 if it has just changed. `nowMs` is monotonic. */
  observe(key: string, value: number | null, nowMs: number): number;
  /** Drops every key that was not observed since the last call. */
  forgetSilent(): void;
}

export function createStandstill(): Standstill {
  const all = new Map<string, { value: number | null; sinceMs: number; observed: boolean }>();
  return {
    observe(key, value, nowMs) {
      const known = all.get(key);
      const sinceMs = known !== undefined && known.value === value ? known.sinceMs : nowMs;
      all.set(key, { value, sinceMs, observed: true });
      return nowMs - sinceMs;
    },
    forgetSilent() {
      for (const [key, entry] of all) {
        if (!entry.observed) all.delete(key);
        entry.observed = false;
      }
    },
  };
}
