import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { JobOutcome, JobRecord, JobStore } from '@emcachers/db/job/job-store';
import { z } from 'zod';
import type { EntityControl } from '../entity/entity-control.ts';
import { unknownEntity } from '../entity/unknown-entity.ts';
import type { DocumentWork } from './job-kind.ts';
import { findJobKind } from './job-kinds.ts';
import { possibleJobKind } from './job-refusal.ts';

export interface AttemptDependencies extends DocumentWork {
  readonly store: JobStore;
  readonly control: EntityControl;
  readonly clock: Clock;
  readonly log: Log;
}

export interface JobAttempt extends AttemptDependencies {
  readonly record: JobRecord;
  readonly signal: AbortSignal;
}

/** `passing`: another attempt may succeed although nobody does anything. Null: the job has succeeded. */
export interface AttemptOutcome extends JobOutcome {
  readonly fault: 'passing' | 'lasting' | null;
}

/** Runs a job once and resolves with its outcome, whatever happens. */
export async function attemptJob(attempt: JobAttempt): Promise<AttemptOutcome> {
  try {
    return { status: 'succeeded', message: await run(attempt), errorCode: null, fault: null };
  } catch (error) {
    if (error instanceof EmcachersError)
      return {
        ...{ status: 'failed', message: error.detail, errorCode: error.code },
        fault: error.entry.retry === 'backoff' ? 'passing' : 'lasting',
      };
    const { log, record, signal } = attempt;
    const { jobId, correlationId } = record;
    if (!signal.aborted) log.error({ err: error, jobId, correlationId }, 'Job failed with an unexpected error.');
    return {
      status: 'failed',
      message: 'The job failed with an unexpected error. See the log.',
      errorCode: 'EMC-5999',
      fault: 'passing',
    };
  }
}

async function run({ record, log: _log, ...dependencies }: JobAttempt): Promise<string> {
  const { control, store } = dependencies;
  const entity = await control.find(record.entityName);
  if (entity === null) {
    // The engine may have stopped after the entity was dropped and before the outcome was recorded.
    if (findJobKind(record.kind)?.isFinal === true) return 'Deleted.';
    throw unknownEntity(record.entityName);
  }
  const kind = possibleJobKind(record.kind, entity);
  const input = z.object(kind.input).parse(record.input);
  const note = (text: string): Promise<void> => store.note(record.jobId, text);
  return kind.run({ ...dependencies, jobId: record.jobId, entity, input, note });
}
