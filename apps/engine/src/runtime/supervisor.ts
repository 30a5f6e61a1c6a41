import { type BackoffOptions, backoffDelayMs } from '@emcachers/core/backoff';
import {
  type BreakerInput,
  type BreakerOptions,
  type BreakerState,
  breakerDefaults,
  breakerWaitMs,
  closedBreaker,
  stepBreaker,
} from '@emcachers/core/circuit-breaker';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { unlessLate } from './abort.ts';
import { isDeposed } from './is-deposed.ts';
import type { Service } from './service.ts';

/**
 * Runs named services and restarts each one separately after a failure, so that one failure stops no other service (I10).
 * The delay before a restart is a full-jitter back-off. Five consecutive infrastructure failures open the service's circuit
 * breaker, which delays the next attempt by 30 s. Both reset only after a sustained run: a service that connects and fails
 * immediately is not healthy. Worst case: a service does not return after its abort. `stop` then gives up at its deadline and
 * names it.
 */
export interface SupervisorDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Called with every failure. */
  readonly onFault?: (fault: unknown) => void;
}

export interface SupervisorOptions {
  readonly backoff: BackoffOptions;
  readonly breaker: BreakerOptions;
  /** A run that lasted this long, milliseconds, counts as a success. */
  readonly sustainedMs: number;
}

export const supervisorDefaults: SupervisorOptions = {
  backoff: { delayMsBase: 250, delayMsMax: 10_000 },
  breaker: breakerDefaults,
  sustainedMs: 30_000,
};

export interface ServiceState {
  readonly name: string;
  readonly status: 'running' | 'waiting' | 'stopped';
  /** Number of failed runs since the last sustained run. */
  readonly failures: number;
  readonly lastFault: { readonly code: string | null; readonly message: string; readonly atMs: number } | null;
}

export interface Supervisor {
  start(service: Service): void;
  /** Stops the named services one after another, in this order. Resolves with the names of those that did not stop in time. */
  stop(names: readonly string[], deadlineMs: number): Promise<string[]>;
  states(): ServiceState[];
}

type Means = SupervisorDependencies & SupervisorOptions;

interface Supervised {
  readonly service: Service;
  readonly controller: AbortController;
  status: ServiceState['status'];
  failures: number;
  breaker: BreakerState;
  lastFault: ServiceState['lastFault'];
  done: Promise<void>;
}

export function createSupervisor(
  dependencies: SupervisorDependencies,
  options: SupervisorOptions = supervisorDefaults,
): Supervisor {
  const { clock, log } = dependencies;
  const all = new Map<string, Supervised>();
  return {
    start(service) {
      if (all.has(service.name)) throw new Error(`Service ${service.name} was already started.`);
      const supervised: Supervised = {
        service,
        controller: new AbortController(),
        status: 'running',
        failures: 0,
        breaker: closedBreaker,
        lastFault: null,
        done: Promise.resolve(),
      };
      all.set(service.name, supervised);
      supervised.done = keepRunning(supervised, { ...dependencies, ...options });
    },
    async stop(names, deadlineMs) {
      const endMs = clock.monotonicMs() + deadlineMs;
      const hung: string[] = [];
      for (const name of names) {
        const supervised = all.get(name);
        if (supervised === undefined) continue;
        supervised.controller.abort();
        const delayMsMax = Math.max(0, endMs - clock.monotonicMs());
        const ended = supervised.done.then(() => true);
        const inTime = (await unlessLate(ended, { clock, delayMsMax })) === true;
        if (!inTime) hung.push(name);
        log.debug({ service: name, inTime }, 'Service stopped.');
      }
      return hung;
    },
    states: () =>
      [...all.values()].map(({ service, status, failures, lastFault }) => ({
        name: service.name,
        status,
        failures,
        lastFault,
      })),
  };
}

async function keepRunning(supervised: Supervised, means: Means): Promise<void> {
  const { signal } = supervised.controller;
  const { clock } = means;
  while (!signal.aborted) {
    step(supervised, { kind: 'asked' }, means);
    supervised.status = 'running';
    const startedMs = clock.monotonicMs();
    const fault = await runOnce(supervised.service, signal);
    if (signal.aborted) break;
    if (clock.monotonicMs() - startedMs >= means.sustainedMs) {
      supervised.failures = 0;
      step(supervised, { kind: 'succeeded' }, means);
    }
    note(supervised, fault, means);
    if (isInfrastructure(fault)) step(supervised, { kind: 'failed' }, means);
    supervised.status = 'waiting';
    await clock.sleep(pauseMs(supervised, means), signal);
  }
  supervised.status = 'stopped';
}

/** The error that ended the run. A run that ends without a request to stop is also an error. */
async function runOnce(service: Service, signal: AbortSignal): Promise<unknown> {
  try {
    await service.run(signal);
    return new Error(`Service ${service.name} ended without a request to stop.`);
  } catch (fault) {
    return fault;
  }
}

function note(supervised: Supervised, fault: unknown, { clock, log, onFault }: SupervisorDependencies): void {
  supervised.failures += 1;
  const code = fault instanceof EmcachersError ? fault.code : null;
  const message =
    fault instanceof EmcachersError ? fault.detail : fault instanceof Error ? fault.message : String(fault);
  supervised.lastFault = { code, message, atMs: clock.nowMs() };
  onFault?.(fault);
  // A deposed leader is normal in a fleet and must not raise an alert.
  const level = isDeposed(fault) ? 'info' : 'error';
  log[level](
    { service: supervised.service.name, failures: supervised.failures, err: fault },
    'Service failed; restarting.',
  );
}

/** True for infrastructure errors, which may pass with time. Errors outside the catalogue count as our own defects. */
function isInfrastructure(fault: unknown): boolean {
  return fault instanceof EmcachersError && fault.entry.retry === 'backoff' && !isDeposed(fault);
}

function step(supervised: Supervised, input: BreakerInput, { clock, breaker }: Means): void {
  supervised.breaker = stepBreaker(supervised.breaker, { ...input, nowMs: clock.monotonicMs() }, breaker).state;
}

function pauseMs(supervised: Supervised, { clock, random, backoff, breaker }: Means): number {
  const backoffMs = backoffDelayMs(supervised.failures - 1, backoff, random);
  return Math.max(backoffMs, breakerWaitMs(supervised.breaker, clock.monotonicMs(), breaker));
}
