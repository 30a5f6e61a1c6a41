import type { Clock } from '@emcachers/core/clock';
import { takeLead } from '@emcachers/db/leadership';
import { linkedAbort } from '../../runtime/abort.ts';
import { isDeposed } from '../../runtime/is-deposed.ts';

/**
 * Elects one leader among all nodes. Waits for leadership, runs `onElected` with the new epoch, and waits again after it ends.
 * Keeps I9 together with the epoch check in every appending transaction: the signal stops a deposed leader early, and the epoch
 * check guarantees that it cannot commit. Worst case: no node leads until PostgreSQL detects that the old connection is dead.
 */
export interface Leader {
  /**
   * Resolves after the signal has aborted and `onElected` has ended. Rejects with the error of `onElected`, unless leadership
   * was lost in the meantime, and with EMC-3001 if PostgreSQL is unreachable; the supervisor restarts it.
   * The signal passed to `onElected` aborts when leadership is lost or `signal` aborts. `onElected` must then settle soon.
   */
  run(onElected: (epoch: number, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export interface LeaderDependencies {
  readonly databaseUrl: string;
  readonly nodeId: string;
  readonly clock: Clock;
}

/** How often a standby tries to become leader and a leader checks its connection, milliseconds. */
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
