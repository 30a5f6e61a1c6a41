import type { ServerState } from './server-state.ts';

const roundMs = 1000;

/** Closes idle cursors and ends transactions and sessions that are over, about once a second, until the signal aborts. */
export async function startHousekeeping(server: ServerState, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await server.clock.sleep(roundMs, signal);
    if (signal.aborted) return;
    const { cursorTimeoutMillis, transactionLifetimeLimitSeconds, localLogicalSessionTimeoutMinutes } =
      server.parameters;
    server.cursors.closeIdle(cursorTimeoutMillis);
    server.sessions.expire({
      transactionMsMax: transactionLifetimeLimitSeconds * 1000,
      sessionMsMax: localLogicalSessionTimeoutMinutes * 60_000,
    });
  }
}
