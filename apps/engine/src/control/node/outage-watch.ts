import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { unlessLate } from '../../runtime/abort.ts';
import type { Service } from '../../runtime/service.ts';

/** Ends the engine if a server that it needs does not answer for longer than the operator allows. */
export interface OutageWatchDependencies {
  readonly clock: Clock;
  /** The operator's limit, milliseconds. */
  readonly failAfterMs: number;
  readonly servers: readonly WatchedServer[];
  readonly onOutage: (error: EmcachersError) => void;
}

export interface WatchedServer {
  readonly variable: 'MONGO_URL' | 'DATABASE_URL';
  readonly code: 'EMC-2001' | 'EMC-3001';
  /** Rejects if the server does not answer. */
  readonly check: () => Promise<unknown>;
}

const checkIntervalMs = 1_000;
const checkMsMax = 5_000;

export function createOutageWatch(dependencies: OutageWatchDependencies): Service {
  return {
    name: 'outage-watch',
    async run(signal) {
      await Promise.all(dependencies.servers.map((server) => watch(dependencies, server, signal)));
    },
  };
}

async function watch(
  { clock, failAfterMs, onOutage }: OutageWatchDependencies,
  { variable, code, check }: WatchedServer,
  signal: AbortSignal,
): Promise<void> {
  let answeredAtMs = clock.monotonicMs();
  while (!signal.aborted) {
    const failure = await failureOf(check, clock);
    const silentMs = clock.monotonicMs() - answeredAtMs;
    if (failure === null) answeredAtMs = clock.monotonicMs();
    else if (silentMs >= failAfterMs) onOutage(outage({ variable, code, failure, silentMs }));
    await clock.sleep(checkIntervalMs, signal);
  }
}

/** Null if the server answered. */
async function failureOf(check: () => Promise<unknown>, clock: Clock): Promise<string | null> {
  const answered = check().then(
    () => ({ failure: null }),
    (error: unknown) => ({ failure: error instanceof EmcachersError ? error.detail : String(error) }),
  );
  const outcome = await unlessLate(answered, { clock, delayMsMax: checkMsMax });
  return outcome === null ? `It did not answer within ${checkMsMax / 1_000} s.` : outcome.failure;
}

interface Outage extends Pick<WatchedServer, 'variable' | 'code'> {
  readonly failure: string;
  readonly silentMs: number;
}

function outage({ variable, code, failure, silentMs }: Outage): EmcachersError {
  return new EmcachersError({
    code,
    detail: `The server at ${variable} has not answered for ${Math.round(silentMs / 1_000)} s, the limit of EMCACHERS_FAIL_AFTER_SECONDS: ${failure}`,
    hint: `Start the server or correct ${variable}, then restart the engine.`,
  });
}
