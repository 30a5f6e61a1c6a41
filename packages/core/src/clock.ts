/** Time as the engine sees it; the one implementation that reads the machine's clock is `apps/engine/src/runtime/clock.ts`. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. For what people read; never for timeouts. */
  nowMs(): number;
  /** Monotonic milliseconds from an arbitrary start. For timeouts, rates, breakers. */
  monotonicMs(): number;
  /** Resolves after `delayMs`, or at once (without error) when the signal aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
