import { backoffDelayMs } from '@emcachers/core/backoff';
import type { JobPostponement, JobRecord } from '@emcachers/db/job/job-store';
import { onAbort } from '../../runtime/abort.ts';
import type { Service } from '../../runtime/service.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import { type AttemptDependencies, type AttemptOutcome, attemptJob } from './attempt-job.ts';
import { engineStops } from './engine-stops.ts';
import type { JobKindName } from './job-kinds.ts';
import { type JobRunnerOptions, jobRunnerDefaults } from './job-runner-options.ts';
import { RunningJobs } from './running-jobs.ts';

/**
 * Runs jobs, on the leader only: a fleet has one job runner. Jobs run concurrently because a refresh of one entity may
 * take hours. A delete aborts the other jobs of its entity. Jobs that a crash interrupted are requeued, and jobs that failed by
 * a fault that passes are tried again with a back-off, so every kind is idempotent; a deletion that has no job any more gets another one. Worst case: a job waits for a node that never returns, until an operator cancels the job.
 */
export interface JobRunner extends Service {
  /** A job was added: poll now instead of at the next interval. */
  wake(): void;
}

export interface JobRunnerDependencies extends AttemptDependencies {
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export function createJobRunner(
  dependencies: JobRunnerDependencies,
  options: JobRunnerOptions = jobRunnerDefaults,
): JobRunner {
  const { store, clock } = dependencies;
  const { pollMs, deletionsPollMs } = options;
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
          await startAndCancelJobs(running, options, dependencies);
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
  options: JobRunnerOptions,
  dependencies: JobRunnerDependencies,
): Promise<void> {
  const { store } = dependencies;
  const claimed = await store.claim(options.jobsMax - running.count);
  for (const record of claimed)
    running.start(record, async (job, signal) => {
      const outcome = await attemptJob({ record: job, signal, ...dependencies });
      if (signal.reason !== engineStops) await recordOutcome({ record: job, outcome, signal, options }, dependencies);
    });
  for (const jobId of await store.cancelled(running.ids())) running.cancel(jobId);
}

interface EndedAttempt {
  readonly record: JobRecord;
  readonly outcome: AttemptOutcome;
  readonly signal: AbortSignal;
  readonly options: JobRunnerOptions;
}

async function recordOutcome(attempt: EndedAttempt, dependencies: JobRunnerDependencies): Promise<void> {
  const { store, log, random } = dependencies;
  const { jobId, kind, entityName: entity, correlationId } = attempt.record;
  const { fault: _fault, ...outcome } = attempt.outcome;
  const postponement = postponementOf(attempt, random);
  const line = { jobId, kind, entity, correlationId, ...outcome };
  if (postponement === null) log.info(line, 'Job finished.');
  else log.warn({ ...line, ...postponement }, 'Job failed and is tried again.');
  const recorded = postponement === null ? store.finish(jobId, outcome) : store.postpone(jobId, postponement);
  await recorded.catch((error: unknown) => {
    // The record stays `running`; the next runner requeues the job.
    log.warn({ err: error, jobId, correlationId }, "Could not record the job's outcome.");
  });
}

/** Null if the job is done, was ended on purpose, failed for good, or has had all its attempts. */
function postponementOf(
  { record, outcome, signal, options }: EndedAttempt,
  random: () => number,
): JobPostponement | null {
  const { message, errorCode, fault } = outcome;
  if (fault !== 'passing' || errorCode === null || signal.aborted) return null;
  if (record.attempts >= options.attemptsMax) return null;
  const delayMs = backoffDelayMs(record.attempts - 1, options.backoff, random);
  const attempts = `Attempt ${record.attempts} of ${options.attemptsMax} failed`;
  return { message: `${attempts}: ${message} The next one follows by itself.`, errorCode, delayMs };
}
