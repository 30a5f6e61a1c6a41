import type { Collection } from './catalog.ts';
import type { KeyRange, PageLimit, StoredDocument } from './collection-table.ts';
import type { PageReader, ScanPlan } from './document-access.ts';

/** Reads what is committed, or written in this turn, along the plan. */
export function readTablePages(collection: Collection, plan: ScanPlan): PageReader {
  if (plan.keys !== null) return readByKeys(collection, plan.keys);
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
