/** The engine's source of time. Only `apps/engine/src/runtime/clock.ts` reads the machine's clock. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. For display; never for timeouts. */
  nowMs(): number;
  /** Monotonic milliseconds from an arbitrary start. For timeouts, rates and breakers. */
  monotonicMs(): number;
  /** Resolves after `delayMs`, or as soon as the signal aborts (without an error). */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
