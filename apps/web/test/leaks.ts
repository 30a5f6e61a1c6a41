/**
 * Watches the timers that the console's own source starts and the document's listeners, to find those that nobody
 * removes. Timers that libraries start for themselves are theirs to end.
 */
export interface LeakWatch {
  /** What is still running or listening, described for the failure message. */
  readonly left: () => readonly string[];
  readonly end: () => void;
}

export function watchLeaks(): LeakWatch {
  const timers = new Map<unknown, string>();
  const listeners = new Map<unknown, Set<string>>();
  const real = {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    clearTimeout: globalThis.clearTimeout,
    clearInterval: globalThis.clearInterval,
    add: document.addEventListener,
    remove: document.removeEventListener,
  };

  function note(timer: unknown, what: string): void {
    const caller = callerInSource();
    if (caller !== null) timers.set(timer, `${what} ${caller}`);
  }
  function setTimeoutWatched(run: () => void, delayMs = 0): unknown {
    const timer = real.setTimeout(() => {
      timers.delete(timer);
      run();
    }, delayMs);
    note(timer, `a timeout of ${delayMs} ms`);
    return timer;
  }
  function setIntervalWatched(run: () => void, delayMs = 0): unknown {
    const timer = real.setInterval(run, delayMs);
    note(timer, `an interval of ${delayMs} ms`);
    return timer;
  }
  function clearWatched(timer: ReturnType<typeof setTimeout> | undefined): void {
    timers.delete(timer);
    real.clearTimeout(timer);
  }

  Object.assign(globalThis, {
    setTimeout: setTimeoutWatched,
    setInterval: setIntervalWatched,
    clearTimeout: clearWatched,
    clearInterval: clearWatched,
  });
  document.addEventListener = (type: string, listener: EventListenerOrEventListenerObject, options?: unknown) => {
    if (type === 'visibilitychange') listeners.set(listener, new Set([type]));
    real.add.call(document, type, listener, options as AddEventListenerOptions);
  };
  document.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject, options?: unknown) => {
    if (type === 'visibilitychange') listeners.delete(listener);
    real.remove.call(document, type, listener, options as EventListenerOptions);
  };

  return {
    left: () => [...timers.values(), ...[...listeners.values()].map(() => 'a visibilitychange listener')],
    end: () => {
      const { add, remove, ...timerFunctions } = real;
      Object.assign(globalThis, timerFunctions);
      document.addEventListener = add;
      document.removeEventListener = remove;
    },
  };
}

/** The line that started the timer, or null if it is not in the console's source. */
function callerInSource(): string | null {
  const lines = new Error('started here').stack?.split('\n').slice(1) ?? [];
  const caller = lines.find((line) => !line.includes('/test/leaks.ts'));
  return caller?.includes('/apps/web/src/') === true ? caller.trim() : null;
}
