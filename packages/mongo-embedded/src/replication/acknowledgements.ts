import type { Clock } from '../clock.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { linkSignals } from '../linked-signal.ts';
import { interrupted } from '../operation/operation.ts';
import { comparePositions, type Position } from './position.ts';

interface Wanted {
  readonly position: Position;
  readonly nodes: number | 'majority';
  /** Null: no limit. */
  readonly timeoutMs: number | null;
  readonly signal: AbortSignal;
}

interface Waiter {
  readonly position: Position;
  readonly nodes: number;
  readonly resolve: (failure: MongoFailure | null) => void;
}

/** A majority of three. */
export const majorityCount = 2;

/** Writes of one primary that wait until other members have them. */
export class Acknowledgements {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #positions: readonly (Position | null)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves null, or the write concern error: WriteConcernFailed 64 on time-out, or what `failAll` gives. */
  async wait({ position, nodes, timeoutMs, signal }: Wanted): Promise<MongoFailure | null> {
    const needed = nodes === 'majority' ? majorityCount : nodes;
    if (this.#count(position) >= needed) return null;
    using timeout = linkSignals([signal]);
    const { promise, resolve } = Promise.withResolvers<MongoFailure | null>();
    const waiter: Waiter = { position, nodes: needed, resolve };
    this.#waiters.add(waiter);
    const over = this.#clock
      .sleep(timeoutMs ?? Number.POSITIVE_INFINITY, timeout.signal)
      .then(() => resolve(signal.aborted ? interrupted() : timedOut()));
    const outcome = await promise;
    this.#waiters.delete(waiter);
    timeout.abort();
    await over;
    return outcome;
  }

  /** The positions of all members that follow this primary, and its own. */
  reach(positions: readonly (Position | null)[]): void {
    this.#positions = positions;
    for (const waiter of this.#waiters) if (this.#count(waiter.position) >= waiter.nodes) waiter.resolve(null);
  }

  failAll(failure: () => MongoFailure): void {
    for (const waiter of this.#waiters) waiter.resolve(failure());
    this.#positions = [];
  }

  #count(position: Position): number {
    return this.#positions.filter((each) => each !== null && comparePositions(each, position) >= 0).length;
  }
}

function timedOut(): MongoFailure {
  return new MongoFailure('WriteConcernFailed', 'waiting for replication timed out', { errInfo: { wtimeout: true } });
}
