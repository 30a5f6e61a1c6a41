import type { Collection } from './catalog.ts';
import type { KeyRange, PageLimit, StoredDocument } from './collection-table.ts';
import type { PageReader, ScanPlan } from './document-access.ts';
import type { IndexPlan } from './index-plan.ts';
import type { IndexEntry } from './index-table.ts';

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
  let position = 0;
  return {
    next(limit: PageLimit) {
      if (position >= keys.length) return null;
      const page: StoredDocument[] = [];
      let bytes = 0;
      while (position < keys.length && page.length < limit.rows && bytes < limit.bytes) {
        const key = keys[position];
        position += 1;
        const stored = key === undefined ? undefined : collection.table.get(key);
        if (stored === undefined) continue;
        page.push(stored);
        bytes += stored.document.length;
      }
      return page;
    },
  };
}

/**
 * The documents of the index's ranges, each once: it may have several keys, and a key that changes during the scan may
 * come again.
 */
function readByIndex(collection: Collection, { index, ranges }: IndexPlan): PageReader {
  const seen = new Set<number>();
  let position = 0;
  let after: IndexEntry | null = null;
  const nextEntries = (limit: number): IndexEntry[] | null => {
    for (let range = ranges[position]; range !== undefined; range = ranges[position]) {
      const entries = index.page(range, after, limit);
      after = entries.at(-1) ?? null;
      if (entries.length < limit) {
        position += 1;
        after = null;
      }
      if (entries.length > 0) return entries;
    }
    return null;
  };
  return {
    next(limit: PageLimit) {
      const entries = nextEntries(Math.min(limit.rows, indexPageRows));
      if (entries === null) return null;
      const rows = entries.map(({ row }) => row).filter((row) => !seen.has(row));
      for (const row of rows) seen.add(row);
      return [...new Set(rows)].map((row) => collection.table.getRow(row)).filter((stored) => stored !== undefined);
    },
  };
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
