import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClusterTime } from './history-entry.ts';

/** The time of the last history entry that one operation wrote; null while it has written none. */
export interface OperationTime {
  last: ClusterTime | null;
}

/**
 * Attributes history entries to the operation that writes them, so that its reply can report its own last time.
 *
 * The clock itself cannot answer this: other writers advance it before the reply is sent. The operation is found through
 * the asynchronous context instead of a parameter, so that no write path can forget to pass it on.
 */
export class OperationTimes {
  readonly #current = new AsyncLocalStorage<OperationTime>();

  /** Runs `work`; every entry written by it, also after an `await`, is noted in `operation`. */
  run<Result>(operation: OperationTime, work: () => Result): Result {
    return this.#current.run(operation, work);
  }

  /** The last time of the current operation; null if it has written nothing, or outside of an operation. */
  get last(): ClusterTime | null {
    return this.#current.getStore()?.last ?? null;
  }

  /** Sets the last time of the current operation: after a write, or to an earlier attempt's time on a retry. */
  note(time: ClusterTime | null): void {
    const operation = this.#current.getStore();
    if (operation !== undefined && time !== null) operation.last = time;
  }
}
