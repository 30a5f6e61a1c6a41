import type { ClusterTime } from '../history/history-entry.ts';
import { comparePositions, type Position } from './position.ts';
import type { WriteStatement } from './write-recorder.ts';

/** One commit of a primary, as the other members apply it. */
export interface Batch {
  readonly position: Position;
  readonly statements: readonly WriteStatement[];
  /** The cluster time after this commit. */
  readonly time: ClusterTime;
}

/** Maximum commits kept for members that are behind; one that is further behind gets a copy of the whole state. */
const batchesMax = 10_000;

/** Maximum recorded bytes kept, for the same purpose. */
const bytesMax = 64 * 1024 * 1024;

function bytesOf({ statements }: Batch): number {
  return statements.reduce(
    (sum, { values }) =>
      values.reduce<number>((inner, value) => inner + (value instanceof Uint8Array ? value.length : 8), sum + 64),
    0,
  );
}

/** The newest commits of one member, in order. Every member keeps them, because each may become primary. */
export class BatchLog {
  /** Position of the commit before the first one kept. */
  #base: Position;
  #batches: Batch[] = [];
  #bytes = 0;

  constructor(base: Position) {
    this.#base = base;
  }

  append(batch: Batch): void {
    this.#batches.push(batch);
    this.#bytes += bytesOf(batch);
    while (this.#batches.length > batchesMax || (this.#bytes > bytesMax && this.#batches.length > 1)) {
      const dropped = this.#batches.shift();
      if (dropped === undefined) return;
      this.#base = dropped.position;
      this.#bytes -= bytesOf(dropped);
    }
  }

  /** The commits after a position; null if the position is not in this log, because it is older or of another branch. */
  after(position: Position): readonly Batch[] | null {
    if (comparePositions(position, this.#base) === 0) return this.#batches;
    const at = this.#batches.findLastIndex((batch) => comparePositions(batch.position, position) === 0);
    return at < 0 ? null : this.#batches.slice(at + 1);
  }
}
