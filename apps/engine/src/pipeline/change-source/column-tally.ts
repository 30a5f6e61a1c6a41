import { type ColumnCounts, emptyColumnCounts } from '@emcachers/core/document/projection';

/**
 * Counts what the columns of an entity met in its live changes. The counts are for operators and are gathered until they say
 * something new, because writing them with every batch would cost a statement each time for nothing.
 */
export class ColumnTally {
  #counts: ColumnCounts;
  readonly #known: boolean[];

  constructor(columnCount: number) {
    this.#counts = emptyColumnCounts(columnCount);
    this.#known = new Array<boolean>(columnCount).fill(false);
  }

  /** What the projection adds to. */
  get counts(): ColumnCounts {
    return this.#counts;
  }

  /** The counts since the last call that returned any, if a document was outside of the filter, or a column met its first value or could not hold one; else null. */
  take(): ColumnCounts | null {
    const counts = this.#counts;
    const isNews =
      counts.outside > 0 ||
      counts.refused.some((count) => count > 0) ||
      counts.met.some((count, at) => this.#isFirst(at, count));
    if (!isNews) return null;
    for (const [column, count] of counts.met.entries()) this.#known[column] ||= count > 0;
    this.#counts = emptyColumnCounts(counts.met.length);
    return counts;
  }

  #isFirst(column: number, count: number): boolean {
    return count > 0 && this.#known[column] === false;
  }
}
