import type { Clock } from './clock.ts';
import { MongoFailure } from './error/mongo-failure.ts';
import type { CommitGroup } from './storage/commit-group.ts';

/** Longest time that one command may keep all other clients waiting, milliseconds. */
const turnMsMax = 10;

/** Throws if the work must not go on. */
export interface Interruptible {
  check(): void;
}

export interface TurnsOptions {
  readonly clock: Clock;
  readonly group: CommitGroup;
  readonly operation: Interruptible;
  /** `clock.monotonicMs()` by which the command must be done, or null. */
  readonly deadlineMs: number | null;
}

/**
 * Divides one command into turns of the event loop. Every loop over documents or statements asks `isOver` and then
 * awaits `next`; meanwhile other clients are served and the writes so far are committed, so a command may only end a
 * turn where its work so far is complete by itself. After `next`, any collection or document that was read before it
 * may have changed.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #failuresBefore: number;
  #endMs: number;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#failuresBefore = options.group.failures.count;
    this.#endMs = options.clock.monotonicMs() + turnMsMax;
  }

  get isOver(): boolean {
    return this.#options.clock.monotonicMs() >= this.#endMs;
  }

  /**
   * Lets other clients take their turn. Throws what the operation throws, MaxTimeMSExpired 50, and the error of a commit that
   * failed meanwhile: the writes that it rolled back may be this command's own.
   */
  async next(): Promise<void> {
    const { clock, group } = this.#options;
    this.check();
    await group.nextTurn();
    if (group.failures.count !== this.#failuresBefore) throw group.failures.last;
    this.#endMs = clock.monotonicMs() + turnMsMax;
  }

  /** Throws what the operation throws, or MaxTimeMSExpired 50, if the command must not go on. */
  check(): void {
    const { clock, operation, deadlineMs } = this.#options;
    operation.check();
    if (deadlineMs !== null && clock.monotonicMs() > deadlineMs)
      throw new MongoFailure('MaxTimeMSExpired', 'operation exceeded time limit');
  }
}
