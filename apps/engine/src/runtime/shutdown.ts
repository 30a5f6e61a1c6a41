import process from 'node:process';

/**
 * Turns SIGTERM and SIGINT into one request to stop. The first asks for a drain, the second means "now": whoever sends it
 * has waited long enough, and every promise that matters is kept by PostgreSQL and SQLite, not by this process.
 */
export interface ShutdownSignals {
  /** Aborts at the first signal. */
  readonly requested: AbortSignal;
  /** Takes the listeners off the process again. */
  [Symbol.dispose](): void;
}

const signals = ['SIGTERM', 'SIGINT'] as const;
/** What shells show for a process that a signal ended: 128 + 2. */
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
