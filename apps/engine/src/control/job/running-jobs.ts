import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { JobRecord } from '@emcachers/db/job/job-store';
import { engineStops } from './engine-stops.ts';
import { findJobKind } from './job-kinds.ts';

interface RunningJob {
  readonly record: JobRecord;
  readonly controller: AbortController;
  settled: Promise<void>;
}

/** The jobs that are running in this process, each with its own signal. */
export class RunningJobs {
  readonly #jobs = new Map<string, RunningJob>();

  get count(): number {
    return this.#jobs.size;
  }

  ids(): string[] {
    return [...this.#jobs.keys()];
  }

  start(record: JobRecord, run: (record: JobRecord, signal: AbortSignal) => Promise<void>): void {
    if (findJobKind(record.kind)?.isFinal === true) this.#endJobsOf(record.entityName);
    const job: RunningJob = { record, controller: new AbortController(), settled: Promise.resolve() };
    this.#jobs.set(record.jobId, job);
    job.settled = run(record, job.controller.signal).finally(() => this.#jobs.delete(record.jobId));
  }

  cancel(jobId: string): void {
    this.#jobs.get(jobId)?.controller.abort();
  }

  abort(): void {
    for (const { controller } of this.#jobs.values()) controller.abort(engineStops);
  }

  /** Resolves when no job is running. */
  async stop(): Promise<void> {
    this.abort();
    await Promise.allSettled([...this.#jobs.values()].map((job) => job.settled));
  }

  #endJobsOf(entityName: string): void {
    const reason = new EmcachersError({ code: 'EMC-5002', detail: `${entityName} is being deleted.` });
    for (const job of this.#jobs.values()) if (job.record.entityName === entityName) job.controller.abort(reason);
  }
}
