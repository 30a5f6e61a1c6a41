import type { Clock } from '../clock.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';

/** mongod's `maxAcceptableLogicalClockDriftSecs`: one year. */
const driftSecondsMax = 31_536_000;

/**
 * mongod's `periodicNoopIntervalSecs`: how long nothing is written before the time moves by itself. Each move makes every reader of
 * a change stream save a position.
 */
export const idleSeconds = 10;

/** Negative, zero or positive, as `a` is before, at or after `b`. */
export function compareClusterTime(a: ClusterTime, b: ClusterTime): number {
  return a.seconds - b.seconds || a.increment - b.increment;
}

/**
 * The logical clock of the replica set.
 *
 * It only moves forward, whatever the machine's clock does and across restarts. Every `tick` is greater than any time
 * that a client has seen: a high-water-mark token at time T promises that no later event has a time ≤ T. Worst case,
 * if the machine's clock is set back: it counts increments within one second.
 */
export class ClusterClock {
  readonly #clock: Clock;
  #current: ClusterTime;

  constructor(clock: Clock, start: ClusterTime) {
    this.#clock = clock;
    this.#current = start;
  }

  get current(): ClusterTime {
    return this.#current;
  }

  /** The time of a new write: strictly greater than every time seen before. */
  tick(): ClusterTime {
    const seconds = Math.floor(this.#clock.nowMs() / 1000);
    const isLater = seconds > this.#current.seconds;
    this.#current = isLater
      ? { seconds, increment: 1 }
      : { seconds: this.#current.seconds, increment: this.#current.increment + 1 };
    return this.#current;
  }

  /** Follows the machine's clock if nothing has been written for `idleSeconds`. Returns whether the time moved. */
  idle(): boolean {
    if (Math.floor(this.#clock.nowMs() / 1000) < this.#current.seconds + idleSeconds) return false;
    this.tick();
    return true;
  }

  /** Adopts a greater time that a client sent (`$clusterTime`). */
  observe(time: ClusterTime): void {
    if (compareClusterTime(time, this.#current) <= 0) return;
    if (time.seconds > Math.floor(this.#clock.nowMs() / 1000) + driftSecondsMax) {
      throw new MongoFailure(245, "New cluster time is too far from this node's wall clock time");
    }
    this.#current = time;
  }
}
