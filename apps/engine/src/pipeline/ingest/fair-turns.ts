/**
 * Lets a bounded number of scans work at once and gives each next turn to the one that has had the fewest, so that a scan of
 * one document never waits for the end of a scan of millions. A newcomer starts level with the scan that has had the fewest
 * turns, so newcomers cannot keep an older scan waiting either.
 */
import { unlessAborted } from '../../runtime/abort.ts';

interface Waiter {
  readonly share: TurnShare;
  readonly granted: PromiseWithResolvers<true>;
}

export class FairTurns {
  readonly #turnsMax: number;
  readonly #shares = new Set<TurnShare>();
  readonly #waiting: Waiter[] = [];
  #taken = 0;

  /** `turnsMax`: turns that may be taken at once. */
  constructor(turnsMax: number) {
    this.#turnsMax = turnsMax;
  }

  /** Dispose the share when it needs no more turns. */
  join(): TurnShare {
    const counts = [...this.#shares].map(({ turns }) => turns);
    const share = new TurnShare(this, counts.length === 0 ? 0 : Math.min(...counts));
    this.#shares.add(share);
    return share;
  }

  /** True if another share waits for a turn: whoever has one should end it soon. */
  isContended(): boolean {
    return this.#waiting.length > 0;
  }

  leave(share: TurnShare): void {
    this.#shares.delete(share);
  }

  /** Runs `action` in a turn. Null, without running it, if the signal aborts first. */
  async take<Result>(share: TurnShare, action: () => Promise<Result>, signal: AbortSignal): Promise<Result | null> {
    if (!(await this.#granted(share, signal))) return null;
    try {
      return await action();
    } finally {
      share.turns += 1;
      this.#release();
    }
  }

  async #granted(share: TurnShare, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#taken < this.#turnsMax) {
      this.#taken += 1;
      return true;
    }
    const waiter: Waiter = { share, granted: Promise.withResolvers() };
    this.#waiting.push(waiter);
    if ((await unlessAborted(waiter.granted.promise, signal)) !== null) return true;
    const place = this.#waiting.indexOf(waiter);
    if (place >= 0) this.#waiting.splice(place, 1);
    // The turn was granted just before the abort: it goes to the next waiter.
    else this.#release();
    return false;
  }

  /** Passes the turn on, or gives it back if nobody waits. */
  #release(): void {
    let next: Waiter | null = null;
    for (const waiter of this.#waiting) if (next === null || waiter.share.turns < next.share.turns) next = waiter;
    if (next === null) {
      this.#taken -= 1;
      return;
    }
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    next.granted.resolve(true);
  }
}

/** One scan's claim to turns. */
export class TurnShare implements Disposable {
  /** Turns taken, including those that it was credited with when it joined. */
  turns: number;
  readonly #all: FairTurns;

  constructor(all: FairTurns, turns: number) {
    this.#all = all;
    this.turns = turns;
  }

  take<Result>(action: () => Promise<Result>, signal: AbortSignal): Promise<Result | null> {
    return this.#all.take(this, action, signal);
  }

  [Symbol.dispose](): void {
    this.#all.leave(this);
  }
}
