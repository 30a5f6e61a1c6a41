import type { Clock } from '@emcachers/core/clock';
import { takeLead } from '@emcachers/db/leadership';
import { linkedAbort } from '../../runtime/abort.ts';
import { isDeposed } from '../../runtime/is-deposed.ts';

/**
 * One leader at a time over all nodes. Waits for the lead, runs `onElected` with its epoch, and waits again when that is
 * over. Keeps I9 together with the epoch check of every appending transaction: the signal stops a deposed leader soon, the
 * epoch stops it surely. The worst that can happen is that nobody leads until the old connection is known to be dead.
 */
export interface Leader {
  /**
   * Resolves when the signal has aborted and `onElected` has ended. Rejects with what `onElected` threw, unless the lead
   * was lost meanwhile, and with EMC-3001 when PostgreSQL cannot be reached; the supervisor runs it again.
   * `onElected`'s signal aborts when the lead is lost or `signal` aborts; it must then settle soon.
   */
  run(onElected: (epoch: number, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export interface LeaderDependencies {
  readonly databaseUrl: string;
  readonly nodeId: string;
  readonly clock: Clock;
}

/** How often a standby looks whether the lead is free, and a leader whether its connection lives. */
const lookDelayMs = 1_000;

export function createLeader(dependencies: LeaderDependencies): Leader {
  const { clock } = dependencies;
  return {
    run: async (onElected, signal) => {
      while (!signal.aborted) {
        await leadOnce(dependencies, { onElected, signal });
        await clock.sleep(lookDelayMs, signal);
      }
    },
  };
}

interface Term {
  readonly onElected: (epoch: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

async function leadOnce(dependencies: LeaderDependencies, term: Term): Promise<void> {
  const lead = await takeLead({ url: dependencies.databaseUrl, nodeId: dependencies.nodeId });
  if (lead === null) return;
  await using held = lead;
  using leading = linkedAbort(held.lost, term.signal);
  const watching = watch(dependencies.clock, { check: held.check, signal: leading.signal });
  try {
    await term.onElected(held.epoch, leading.signal);
  } catch (error) {
    if (!held.lost.aborted && !isDeposed(error)) throw error;
  } finally {
    leading.abort();
    await watching;
  }
}

async function watch(clock: Clock, watched: { check: () => Promise<void>; signal: AbortSignal }): Promise<void> {
  while (!watched.signal.aborted) {
    await clock.sleep(lookDelayMs, watched.signal);
    if (!watched.signal.aborted) await watched.check();
  }
}
