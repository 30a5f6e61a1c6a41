import process from 'node:process';

/**
 * Turns SIGTERM and SIGINT into a request to stop. The first signal starts a drain; the second ends the process immediately, which
 * is safe because PostgreSQL and SQLite, not this process, keep every guarantee.
 */
export interface ShutdownSignals {
  /** Aborts at the first signal. */
  readonly requested: AbortSignal;
  /** Removes the listeners from the process. */
  [Symbol.dispose](): void;
}

const signals = ['SIGTERM', 'SIGINT'] as const;
/** The exit code that shells report for a process ended by SIGINT: 128 + 2. */
const forcedExitCode = 130;

export function listenForShutdown(exit: (code: number) => void = (code) => process.exit(code)): ShutdownSignals {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) exit(forcedExitCode);
    controller.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    requested: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}
