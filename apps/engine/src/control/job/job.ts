import type { Clock } from '@emcachers/core/clock';
import type { EntityControl, EntityState } from '../entity/entity-control.ts';

/**
 * One kind of job. `run` resolves with what was done, in one sentence, once it is really so (not when it was asked for);
 * it rejects with an `EmcachersError` that says why not. It may be run again after a crash at any point.
 */
export interface JobKindDefinition {
  /** Why the entity's present state forbids it, or null. Asked when the job is added and again when it starts. */
  refusal(entity: EntityState): string | null;
  run(context: JobContext): Promise<string>;
}

export interface JobContext {
  readonly entity: EntityState;
  readonly allowLargeSweep: boolean;
  readonly control: EntityControl;
  readonly clock: Clock;
  /** Aborts when the job is cancelled or the engine stops. */
  readonly signal: AbortSignal;
  /** Tells the operator what is going on. */
  note(message: string): Promise<void>;
}

/** Between two looks at the database while a job waits for others to do their part. */
const lookIntervalMs = 250;

/** Looks until the answer is not null; rejects with the signal's reason when the job is to end. */
export async function waitFor<Answer>(
  { clock, signal }: Pick<JobContext, 'clock' | 'signal'>,
  look: () => Promise<Answer | null>,
): Promise<Answer> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await look();
    if (answer !== null) return answer;
    await clock.sleep(lookIntervalMs, signal);
  }
}
