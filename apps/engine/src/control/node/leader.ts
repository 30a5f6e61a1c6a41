import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import { type Candidacy, type Leadership, openCandidacy } from '@emcachers/db/leadership';
import { type LinkedAbort, linkedAbort } from '../../runtime/abort.ts';
import { isDeposed } from '../../runtime/is-deposed.ts';

/**
 * Elects one leader of a stream among all nodes. Waits for the lease, runs `onElected` with the new epoch, and waits again after it ends. The
 * lease is renewed only while this process runs and its pipeline makes progress, so a frozen or hung leader is replaced.
 * Keeps I9 together with the epoch check in every appending transaction: the signal stops a deposed leader early, and the epoch
 * check guarantees that it cannot commit. Worst case: no node leads until the lease has expired.
 */
export interface Leader {
  /**
   * Resolves after the signal has aborted and `onElected` has ended. Rejects with the error of `onElected`, unless leadership
   * was lost in the meantime, and with EMC-3001 if PostgreSQL is unreachable; the supervisor restarts it.
   */
  run(onElected: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export interface Term {
  readonly epoch: number;
  /** Aborts when the term must end. `onElected` must then settle soon. */
  readonly signal: AbortSignal;
  /** Aborts if the term ends because the lead was lost or given up: nothing of it can be committed any more. */
  readonly lost: AbortSignal;
}

export interface LeaderDependencies extends LeaderOptions {
  readonly databaseUrl: string;
  readonly nodeId: string;
  readonly streamId: number;
  /** True while this node leads another stream: it then leaves the lead to nodes that lead none, if they want it. */
  readonly leadsAnother: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** For how long the leader's pipeline has made no progress, milliseconds. */
  readonly stalledMs: () => number;
}

export interface LeaderOptions {
  /** How long the lease lasts without renewal, milliseconds. */
  readonly leaseMs: number;
  /** A leader whose pipeline makes no progress for longer gives up the lead, milliseconds. */
  readonly stallMsMax: number;
}

/** Pause after a term, so that another node can take over, milliseconds. */
const restDelayMs = 1_000;
/** Renewals and attempts in one length of the lease. */
const renewalsPerLease = 5;
const attemptsPerLease = 10;
/** How long a node that leads another stream leaves a free lease to others, in lengths of the lease: three of their attempts. */
const deferral = 0.3;

export function createLeader(dependencies: LeaderDependencies): Leader {
  return {
    run: async (onElected, signal) => {
      while (!signal.aborted) {
        await leadOnce(dependencies, onElected, signal);
        await dependencies.clock.sleep(restDelayMs, signal);
      }
    },
  };
}

async function leadOnce(
  dependencies: LeaderDependencies,
  onElected: (term: Term) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { databaseUrl: url, nodeId, streamId, leaseMs } = dependencies;
  await using candidacy = await openCandidacy({ url, nodeId, streamId, leaseMs });
  const lead = await untilElected(dependencies, candidacy, signal);
  if (lead === null) return;
  await using held = lead;
  warnOfSpared(dependencies, held);
  using lost = linkedAbort(held.lost);
  using leading = linkedAbort(lost.signal, signal);
  const renewing = keepLease(dependencies, { held, lost, signal: leading.signal });
  try {
    await onElected({ epoch: held.epoch, signal: leading.signal, lost: lost.signal });
  } catch (error) {
    if (!lost.signal.aborted && !isDeposed(error)) throw error;
  } finally {
    leading.abort();
    await renewing;
  }
}

/** Null if the signal aborts first. */
async function untilElected(
  { clock, leaseMs, leadsAnother }: LeaderDependencies,
  candidacy: Candidacy,
  signal: AbortSignal,
): Promise<Leadership | null> {
  while (!signal.aborted) {
    if (leadsAnother() && (await candidacy.isFree())) await clock.sleep(leaseMs * deferral, signal);
    if (signal.aborted) return null;
    const lead = await candidacy.stand();
    if (lead !== null) return lead;
    await clock.sleep(leaseMs / attemptsPerLease, signal);
  }
  return null;
}

interface Lease {
  readonly held: Leadership;
  readonly lost: LinkedAbort;
  readonly signal: AbortSignal;
}

async function keepLease(dependencies: LeaderDependencies, { held, lost, signal }: Lease): Promise<void> {
  const { clock, log, leaseMs, stallMsMax } = dependencies;
  while (!signal.aborted) {
    await clock.sleep(leaseMs / renewalsPerLease, signal);
    if (signal.aborted) return;
    const stalledMs = dependencies.stalledMs();
    if (stalledMs <= stallMsMax) {
      await held.renew();
      continue;
    }
    log.error({ epoch: held.epoch, stalledMs }, 'Ingest has made no progress; this node gives up the lead.');
    lost.abort();
  }
}

function warnOfSpared({ log }: LeaderDependencies, { epoch, earlier }: Leadership): void {
  if (earlier.refused === 0) return;
  log.warn(
    { epoch, sessions: earlier.refused },
    "This node's role may not end the previous leader's sessions; their locks last until PostgreSQL ends them (10 s). " +
      'Let all nodes connect as the same role, or grant pg_signal_backend.',
  );
}
