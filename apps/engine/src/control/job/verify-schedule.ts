import type { Clock } from '@emcachers/core/clock';
import type { JobStore } from '@emcachers/db/job/job-store';
import type { Service } from '../../runtime/service.ts';
import type { JobKindName } from './job-kinds.ts';

/**
 * Adds a job that verifies an entity when its last verification is too long ago. Runs on the leader. One job at a time: the
 * comparison reads a whole partition and a whole file.
 */
export interface VerifyScheduleDependencies {
  readonly clock: Clock;
  readonly store: Pick<JobStore, 'add'>;
  /** The entity that has waited the longest; null if none is due, or a verification is under way. */
  readonly due: () => Promise<string | null>;
  /** How often due entities are looked for, milliseconds. */
  readonly lookMs: number;
}

const kind = 'verify' satisfies JobKindName;

export function createVerifySchedule({ clock, store, due, lookMs }: VerifyScheduleDependencies): Service {
  return {
    name: 'verify-schedule',
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(lookMs, signal);
        const entityName = signal.aborted ? null : await due();
        if (entityName !== null)
          await store.add({ kind, entityName, input: {}, asker: { actor: 'engine', correlationId: null } });
      }
    },
  };
}
