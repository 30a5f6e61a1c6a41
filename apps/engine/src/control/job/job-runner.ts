import type { JobRecord } from '@emcachers/db/job/job-store';
import { onAbort } from '../../runtime/abort.ts';
import type { Service } from '../../runtime/service.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import { type AttemptDependencies, attemptJob } from './attempt-job.ts';
import { engineStops } from './engine-stops.ts';
import type { JobKindName } from './job-kinds.ts';
import { type JobRunnerOptions, jobRunnerDefaults } from './job-runner-options.ts';
import { RunningJobs } from './running-jobs.ts';

/**
 * Runs jobs, on the leader only: a fleet has one job runner. Jobs run concurrently because a refresh of one entity may
 * take hours. A delete aborts the other jobs of its entity. Jobs that a crash interrupted are requeued, so every kind
 * is idempotent; a deletion that has no job any more gets another one. Worst case: a job waits for a node that never returns, until an operator cancels the job.
 */
export interface JobRunner extends Service {
  /** A job was added: poll now instead of at the next interval. */
  wake(): void;
}

export function createJobRunner(
  dependencies: AttemptDependencies,
  { jobsMax, pollMs, deletionsPollMs }: JobRunnerOptions = jobRunnerDefaults,
): JobRunner {
  const { store, clock } = dependencies;
  const wakeup = new Wakeup(clock);
  return {
    name: 'job-runner',
    wake: () => wakeup.wake(),
    async run(signal) {
      const running = new RunningJobs();
      // At once: the loop may be waiting for a server that does not answer.
      using _stopping = onAbort(signal, () => running.abort());
      let deletionsAtMs = Number.NEGATIVE_INFINITY;
      try {
        await store.requeue();
        while (!signal.aborted) {
          if (clock.monotonicMs() - deletionsAtMs >= deletionsPollMs) {
            await resumeDeletions(dependencies);
            deletionsAtMs = clock.monotonicMs();
          }
          await startAndCancelJobs(running, jobsMax, dependencies);
          await wakeup.wait(pollMs, signal);
        }
      } finally {
        await running.stop();
      }
    },
  };
}

/** An entity keeps its name until it is deleted, so a deletion whose job failed or was cancelled must not remain. */
async function resumeDeletions({ control, store }: AttemptDependencies): Promise<void> {
  const kind = 'delete' satisfies JobKindName;
  for (const entityName of await control.deleting())
    await store.add({ kind, entityName, input: {}, asker: { actor: 'engine', correlationId: null } });
}

async function startAndCancelJobs(
  running: RunningJobs,
  jobsMax: number,
  dependencies: AttemptDependencies,
): Promise<void> {
  const { store } = dependencies;
  const claimed = await store.claim(jobsMax - running.count);
  for (const record of claimed) running.start(record, (job, stop) => runJob(job, stop, dependencies));
  for (const jobId of await store.cancelled(running.ids())) running.cancel(jobId);
}

async function runJob(record: JobRecord, signal: AbortSignal, dependencies: AttemptDependencies): Promise<void> {
  const { store, log } = dependencies;
  const outcome = await attemptJob({ record, signal, ...dependencies });
  if (signal.reason === engineStops) return;
  const { jobId, kind, entityName: entity, correlationId } = record;
  log.info({ jobId, kind, entity, correlationId, ...outcome }, 'Job finished.');
  await store.finish(record.jobId, outcome).catch((error: unknown) => {
    // The record stays `running`; the next runner requeues the job.
    log.warn({ err: error, jobId, correlationId }, "Could not record the job's outcome.");
  });
}
