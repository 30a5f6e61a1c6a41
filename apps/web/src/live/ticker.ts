/** One clock for all ages on the page, so that they change together, once a second, and only while any are shown. */
export interface Ticker {
  subscribe(listener: () => void): () => void;
  /** Milliseconds since 1970 at the last tick; before the first tick, the time at which the server rendered the page. */
  now(): number;
}

const tickMs = 1_000;

/** `renderedAtMs` is the server's time; the first render in the browser must use the same time. */
export function createTicker(renderedAtMs: number): Ticker {
  const listeners = new Set<() => void>();
  let nowMs = renderedAtMs;
  let timer: ReturnType<typeof setInterval> | null = null;

  function tick(): void {
    nowMs = Date.now();
    for (const listener of listeners) listener();
  }

  return {
    subscribe(listener) {
      listeners.add(listener);
      if (timer === null) {
        nowMs = Date.now();
        timer = setInterval(tick, tickMs);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0 || timer === null) return;
        clearInterval(timer);
        timer = null;
      };
    },
    now: () => nowMs,
  };
}
