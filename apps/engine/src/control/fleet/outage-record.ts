/** A time in which PostgreSQL did not answer. Times are monotonic, milliseconds. */
export interface PastOutage {
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** From the first to the last reading that failed. A process that was itself frozen has seen none of it. */
  readonly observedMs: number;
}

/** Remembers the newest outage of PostgreSQL, because nothing can be recorded while it lasts. */
export interface OutageRecord {
  /** A reading that began at `begunAtMs` has failed now. */
  failed(begunAtMs: number, nowMs: number): void;
  /** A reading that began at `begunAtMs` has succeeded. */
  succeeded(begunAtMs: number): void;
  /** The newest one that is over; null if there was none. */
  last(): PastOutage | null;
}

export function createOutageRecord(): OutageRecord {
  let current: { readonly beganAtMs: number; readonly firstMs: number; lastMs: number } | null = null;
  let last: PastOutage | null = null;
  return {
    failed(begunAtMs, nowMs) {
      current ??= { beganAtMs: begunAtMs, firstMs: nowMs, lastMs: nowMs };
      current.lastMs = nowMs;
    },
    succeeded(begunAtMs) {
      if (current === null) return;
      const { beganAtMs, firstMs, lastMs } = current;
      last = { beganAtMs, endedAtMs: Math.max(begunAtMs, lastMs), observedMs: lastMs - firstMs };
      current = null;
    },
    last: () => last,
  };
}
