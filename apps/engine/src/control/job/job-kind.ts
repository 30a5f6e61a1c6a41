import type { ActionTexts } from '@emcachers/core/action-view';
import type { Clock } from '@emcachers/core/clock';
import type { ErrorCode } from '@emcachers/core/error-codes';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { z } from 'zod';
import type { MongoSource } from '../../pipeline/change-source/change-source.ts';
import type { RetryDeadLetters } from '../../pipeline/ingest/dead-letter-retry.ts';
import type { FindDocuments } from '../../pipeline/ingest/find-documents.ts';
import type { RefreshDocuments } from '../../pipeline/ingest/partial-refresh.ts';
import type { EraseFromOplog } from '../../pipeline/oplog/erasure.ts';
import type { EntityControl } from '../entity/entity-control.ts';

/** The fields of an entity that decide whether a job is possible. */
export type JobTarget = Pick<EntityRecord, 'entityName' | 'lifecycle' | 'route' | 'paused' | 'liveFromId'>;

/**
 * One kind of job: its behaviour and all its texts in the API and the console. Its row in `job-kinds.ts` defines the
 * tRPC mutation, the REST route, the OpenAPI operation and the console's action.
 */
export interface JobKind<Input extends z.ZodRawShape = z.ZodRawShape> {
  /** The console's label, used on buttons, in the menu and in the list of jobs. */
  readonly title: string;
  /** One line in the API reference. */
  readonly summary: string;
  /** The line that the engine logs when it accepts a request. */
  readonly audit: string;
  /** The last segment of the REST path, if it is not made from the kind's name. */
  readonly routeName?: string;
  /** Request fields other than the entity's name. The job's record stores them as JSON. */
  readonly input: Input;
  /** Error codes of `check`, beside EMC-5001. */
  readonly errors?: readonly ErrorCode[];
  /** True if requests with other inputs are other jobs. Default: one job of the kind at a time for an entity. */
  readonly isPerInput?: boolean;
  /** What the audit keeps of the input, for ever: no `_id`s and no values of documents. Default: all of it. */
  auditDetail?(input: z.output<z.ZodObject<Input>>): object;
  readonly action: ActionTexts;
  /**
   * The job deletes the entity. It aborts all other jobs of the entity and succeeds if the entity no longer exists. Its
   * REST route is `DELETE` on the entity instead of `POST` on a separate path.
   */
  readonly isFinal: boolean;
  /**
   * Why the entity's current state forbids the job, or null. Checked when the job is added and again when it starts.
   */
  refusal(entity: JobTarget): string | null;
  /** Throws if the input is wrong in a way that the schema does not see. Called when the job is added. */
  check?(request: InputCheck<Input>): Promise<void>;
  /**
   * Resolves with a one-sentence result when the job is complete. Rejects with an `EmcachersError` that gives the
   * reason if the job fails. Must be idempotent: after a crash at any point the job runs again.
   */
  run(context: JobContext<Input>): Promise<string>;
}

/** What a check may ask MongoDB. */
export type CheckedSource = Pick<MongoSource, 'checkFilter' | 'readDocuments' | 'operationTime'>;

export interface InputCheck<Input extends z.ZodRawShape = z.ZodRawShape> {
  readonly input: z.output<z.ZodObject<Input>>;
  readonly sourceName: string;
  readonly source: CheckedSource;
}

/** Work on documents that only the leader can do. */
export interface DocumentWork {
  readonly retryDeadLetters: RetryDeadLetters;
  readonly refreshDocuments: RefreshDocuments;
  readonly findDocuments: FindDocuments;
  readonly eraseFromOplog: EraseFromOplog;
}

export interface JobContext<Input extends z.ZodRawShape = z.ZodRawShape> extends DocumentWork {
  readonly jobId: string;
  readonly entity: EntityRecord;
  readonly input: z.output<z.ZodObject<Input>>;
  readonly control: EntityControl;
  readonly clock: Clock;
  /** Aborts when the job is cancelled or the engine stops. */
  readonly signal: AbortSignal;
  /** Records what the job is doing, for the operator. */
  note(message: string): Promise<void>;
}

/** Infers the type of `run`'s input from the kind's schema. */
export function jobKind<const Input extends z.ZodRawShape>(kind: JobKind<Input>): JobKind<Input> {
  return kind;
}
