import type { ActionTexts } from '@emcachers/core/action-view';
import type { Clock } from '@emcachers/core/clock';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { z } from 'zod';
import type { EntityControl } from '../entity/entity-control.ts';

/** The fields of an entity that decide whether a job is possible. */
export type JobTarget = Pick<EntityRecord, 'entityName' | 'lifecycle' | 'paused' | 'liveFromId'>;

/**
 * One kind of job, complete: what it does and everything that the API and the console say about it. Its row in
 * `job-kinds.ts` makes the tRPC mutation, the REST route, the OpenAPI operation and the console's action.
 */
export type JobKind<Input extends z.ZodRawShape = z.ZodRawShape> = RunnableJobKind<Input> | PlannedJobKind<Input>;

interface JobKindTexts<Input extends z.ZodRawShape> {
  /** The console's name for it: on buttons, in the menu, in the list of jobs. */
  readonly title: string;
  /** One line of the API reference. */
  readonly summary: string;
  /** The line that the engine logs when a request was accepted. */
  readonly audit: string;
  /** Fields of a request beside the entity's name. The record keeps them as JSON. */
  readonly input: Input;
}

export interface RunnableJobKind<Input extends z.ZodRawShape = z.ZodRawShape> extends JobKindTexts<Input> {
  readonly action: ActionTexts;
  /**
   * The entity is gone when it has run. It ends all other jobs of the entity, has succeeded where the entity is gone
   * already, and its REST route is `DELETE` on the entity instead of `POST` on a path of its own.
   */
  readonly isFinal: boolean;
  /** Why the entity's present state forbids it, or null. Asked when the job is added and again when it starts. */
  refusal(entity: JobTarget): string | null;
  /**
   * Resolves with what was done, in one sentence, when it has been done; rejects with an `EmcachersError` that says why
   * it could not. It may run again after a crash at any point.
   */
  run(context: JobContext<Input>): Promise<string>;
}

/** A name that the API reserves: a request for it is answered with EMC-5007, and the console does not offer it. */
export interface PlannedJobKind<Input extends z.ZodRawShape = z.ZodRawShape> extends JobKindTexts<Input> {
  readonly action: null;
  readonly isFinal: false;
}

export interface JobContext<Input extends z.ZodRawShape = z.ZodRawShape> {
  readonly entity: EntityRecord;
  readonly input: z.output<z.ZodObject<Input>>;
  readonly control: EntityControl;
  readonly clock: Clock;
  /** Aborts when the job is cancelled or the engine stops. */
  readonly signal: AbortSignal;
  /** Tells the operator what the job is doing. */
  note(message: string): Promise<void>;
}

/** Types `run`'s input by the kind's own schema. */
export function jobKind<const Input extends z.ZodRawShape>(kind: RunnableJobKind<Input>): RunnableJobKind<Input> {
  return kind;
}
