import type { Collection } from './catalog.ts';
import type { KeyRange, PageLimit, StoredDocument } from './collection-table.ts';
import type { PageReader, ScanPlan } from './document-access.ts';
import type { IndexPlan } from './index-plan.ts';
import type { IndexEntry, IndexRange, IndexTable } from './index-table.ts';

/** Entries of an index per page: their documents are read one by one, so this bounds the bytes of a page as well. */
const indexPageRows = 100;

/** Reads what is committed, or written in this turn, along the plan. */
export function readTablePages(collection: Collection, plan: ScanPlan): PageReader {
  if (plan.keys !== null) return readByKeys(collection, plan.keys);
  if (plan.index != null) return readByIndex(collection, plan.index);
  return plan.range === null
    ? readByRow(collection, plan.isDescending)
    : readByRange(collection, plan.range, plan.isDescending);
}

function readByKeys(collection: Collection, keys: readonly Uint8Array[]): PageReader {
  const found = documentsByKey(collection, keys);
  return {
    next(limit: PageLimit) {
      const page: StoredDocument[] = [];
      let bytes = 0;
      while (page.length < limit.rows && bytes < limit.bytes) {
        const { value, done } = found.next();
        if (done === true) break;
        page.push(value);
        bytes += value.document.length;
      }
      return page.length === 0 ? null : page;
    },
  };
}

function* documentsByKey({ table }: Collection, keys: readonly Uint8Array[]): Generator<StoredDocument, void> {
  for (const key of keys) {
    const stored = table.get(key);
    if (stored !== undefined) yield stored;
  }
}

/**
 * The documents of the index's ranges, each once: it may have several keys, and a key that changes during the scan may
 * come again.
 */
function readByIndex(collection: Collection, plan: IndexPlan): PageReader {
  const seen = new Set<number>();
  const all = new IndexEntries(plan);
  return {
    next(limit: PageLimit) {
      const entries = all.next(Math.min(limit.rows, indexPageRows));
      if (entries === null) return null;
      const rows = entries.map(({ row }) => row).filter((row) => !seen.has(row));
      for (const row of rows) seen.add(row);
      return [...new Set(rows)].map((row) => collection.table.getRow(row)).filter((stored) => stored !== undefined);
    },
  };
}

/** The entries of several ranges, page by page. */
class IndexEntries {
  readonly #index: IndexTable;
  readonly #ranges: readonly IndexRange[];
  readonly #isDescending: boolean;
  #position = 0;
  #after: IndexEntry | null = null;

  constructor({ index, ranges, isDescending }: IndexPlan) {
    this.#index = index;
    this.#ranges = isDescending ? ranges.toReversed() : ranges;
    this.#isDescending = isDescending;
  }

  /** Null at the end. */
  next(limit: number): IndexEntry[] | null {
    for (;;) {
      const range = this.#ranges[this.#position];
      if (range === undefined) return null;
      const entries = this.#index.page(range, { after: this.#after, limit, isDescending: this.#isDescending });
      this.#pass(entries, limit);
      if (entries.length > 0) return entries;
    }
  }

  /** A page that is not full is the last one of its range. */
  #pass(entries: readonly IndexEntry[], limit: number): void {
    const last = entries.at(-1);
    if (entries.length < limit) this.#position += 1;
    this.#after = entries.length < limit || last === undefined ? null : last;
  }
}

function readByRow(collection: Collection, isDescending: boolean): PageReader {
  let after: number | null = null;
  return {
    next(limit: PageLimit) {
      const page = collection.table.pageByRow(after, isDescending, limit);
      after = page.at(-1)?.row ?? after;
      return page.length === 0 ? null : page;
    },
  };
}

/** The rest of a range after `key`. */
export function rangeAfter(range: KeyRange, key: Uint8Array, isDescending: boolean): KeyRange {
  return isDescending
    ? { ...range, upper: key, isUpperInclusive: false }
    : { ...range, lower: key, isLowerInclusive: false };
}

function readByRange(collection: Collection, range: KeyRange, isDescending: boolean): PageReader {
  let rest = range;
  return {
    next(limit: PageLimit) {
      const page = collection.table.pageByKey(rest, isDescending, limit);
      const last = page.at(-1);
      if (last === undefined) return null;
      rest = rangeAfter(rest, last.key, isDescending);
      return page;
    },
  };
}
