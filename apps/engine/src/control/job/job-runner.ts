import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { JobOutcome, JobRecord, JobStore } from '@emcachers/db/job/job-store';
import type { Service } from '../../runtime/service.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { EntityControl } from '../entity/entity-control.ts';
import { refuseUnlessPossible, unknownEntity } from './job-desk.ts';
import { jobKindDefinitions } from './job-kinds.ts';

/**
 * Carries jobs out, on the leader only, so that one runner is enough for a fleet. Several run at once, since a refresh of
 * one entity may take hours; a delete ends the other jobs of its entity. What a crash leaves running is queued again, and
 * every kind may be run twice. The worst that can happen: a job waits for a node that never comes; it can be cancelled.
 */
export interface JobRunnerDependencies {
  readonly store: JobStore;
  readonly control: EntityControl;
  readonly clock: Clock;
  readonly log: Log;
}

export interface JobRunner extends Service {
  /** Something was added: look now instead of at the next poll. */
  wake(): void;
}

const jobsAtOnceMax = 32;
const pollMs = 1_000;

interface RunningJob {
  readonly record: JobRecord;
  readonly controller: AbortController;
  settled: Promise<void>;
}

export function createJobRunner(dependencies: JobRunnerDependencies): JobRunner {
  const { store, clock } = dependencies;
  const wakeup = new Wakeup(clock);
  return {
    name: 'job-runner',
    wake: () => wakeup.wake(),
    async run(signal) {
      const running = new Map<string, RunningJob>();
      try {
        await store.requeue();
        while (!signal.aborted) {
          const claimed = await store.claim(jobsAtOnceMax - running.size);
          for (const record of claimed) start(record, running, dependencies);
          for (const jobId of await store.cancelled([...running.keys()])) running.get(jobId)?.controller.abort();
          await wakeup.wait(pollMs, signal);
        }
      } finally {
        for (const { controller } of running.values()) controller.abort(stopping);
        await Promise.allSettled([...running.values()].map((job) => job.settled));
      }
    },
  };
}

/** The reason given to jobs when the engine stops: they stay `running` in the records and are queued again later. */
const stopping = new Error('The engine stops.');

function start(record: JobRecord, running: Map<string, RunningJob>, dependencies: JobRunnerDependencies): void {
  if (record.kind === 'delete') endOthers(running, record);
  const job: RunningJob = { record, controller: new AbortController(), settled: Promise.resolve() };
  running.set(record.jobId, job);
  job.settled = runJob(job, dependencies).finally(() => running.delete(record.jobId));
}

function endOthers(running: ReadonlyMap<string, RunningJob>, { entityName }: JobRecord): void {
  const reason = new EmcachersError({ code: 'EMC-5002', detail: `${entityName} is being deleted.` });
  for (const job of running.values()) if (job.record.entityName === entityName) job.controller.abort(reason);
}

async function runJob(job: RunningJob, dependencies: JobRunnerDependencies): Promise<void> {
  const { record, controller } = job;
  const { store, log } = dependencies;
  const outcome = await attempt(job, dependencies);
  if (controller.signal.reason === stopping) return;
  log.info({ jobId: record.jobId, kind: record.kind, entity: record.entityName, ...outcome }, 'A job ended.');
  await store.finish(record.jobId, outcome).catch((error: unknown) => {
    // It stays `running` in the records; the next runner queues it again.
    log.warn({ err: error, jobId: record.jobId }, "A job's outcome could not be recorded.");
  });
}

async function attempt(job: RunningJob, dependencies: JobRunnerDependencies): Promise<JobOutcome> {
  const { record, controller } = job;
  const { store, control, clock, log } = dependencies;
  try {
    const entity = await control.find(record.entityName);
    if (entity === null) {
      // Run again after a crash between the drop and the record of it.
      if (record.kind === 'delete') return { status: 'succeeded', message: 'Deleted.', errorCode: null };
      throw unknownEntity(record.entityName);
    }
    refuseUnlessPossible(record.kind, entity);
    const message = await jobKindDefinitions[record.kind]?.run({
      entity,
      allowLargeSweep: record.allowLargeSweep,
      control,
      clock,
      signal: controller.signal,
      note: (text) => store.note(record.jobId, text),
    });
    return { status: 'succeeded', message: message ?? '', errorCode: null };
  } catch (error) {
    if (error instanceof EmcachersError) return { status: 'failed', message: error.detail, errorCode: error.code };
    if (!controller.signal.aborted) log.error({ err: error, jobId: record.jobId }, 'A job met an unexpected error.');
    return { status: 'failed', message: 'It met an unexpected error; the log has it.', errorCode: 'EMC-5999' };
  }
}
