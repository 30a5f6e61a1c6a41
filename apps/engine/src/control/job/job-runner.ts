import type { JobRecord } from '@emcachers/db/job/job-store';
import type { Service } from '../../runtime/service.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import { type AttemptDependencies, attemptJob } from './attempt-job.ts';
import { engineStops, RunningJobs } from './running-jobs.ts';

/**
 * Runs jobs, on the leader only, so that one runner is enough for a fleet. Several run at once, since a refresh of one
 * entity may take hours; a delete ends the other jobs of its entity. What a crash leaves running is queued again, and
 * every kind may be run twice. The worst that can happen: a job waits for a node that never comes; it can be cancelled.
 */
export interface JobRunner extends Service {
  /** Something was added: look now instead of at the next poll. */
  wake(): void;
}

const jobsAtOnceMax = 32;
const pollMs = 1_000;

export function createJobRunner(dependencies: AttemptDependencies): JobRunner {
  const { store, clock } = dependencies;
  const wakeup = new Wakeup(clock);
  return {
    name: 'job-runner',
    wake: () => wakeup.wake(),
    async run(signal) {
      const running = new RunningJobs();
      try {
        await store.requeue();
        while (!signal.aborted) {
          const claimed = await store.claim(jobsAtOnceMax - running.count);
          for (const record of claimed) running.start(record, (job, stop) => runJob(job, stop, dependencies));
          for (const jobId of await store.cancelled(running.ids())) running.cancel(jobId);
          await wakeup.wait(pollMs, signal);
        }
      } finally {
        await running.stop();
      }
    },
  };
}

async function runJob(record: JobRecord, signal: AbortSignal, dependencies: AttemptDependencies): Promise<void> {
  const { store, log } = dependencies;
  const outcome = await attemptJob({ record, signal, ...dependencies });
  if (signal.reason === engineStops) return;
  log.info({ jobId: record.jobId, kind: record.kind, entity: record.entityName, ...outcome }, 'A job ended.');
  await store.finish(record.jobId, outcome).catch((error: unknown) => {
    // It stays `running` in the records; the next runner queues it again.
    log.warn({ err: error, jobId: record.jobId }, "A job's outcome could not be recorded.");
  });
}
