import type { Collection } from '../storage/catalog.ts';
import type { KeyRange, PageLimit, StoredDocument } from '../storage/collection-table.ts';
import type { PageReader, ScanPlan } from '../storage/document-access.ts';
import { rangeAfter, readTablePages } from '../storage/table-pages.ts';
import { keyName } from '../storage/version-log.ts';

/** Documents that differ from the table, by the name of their key; null if the reader must not see the document. */
export type Overlay = Map<string, StoredDocument | null>;

export interface OverlaidReads {
  get(key: Uint8Array): StoredDocument | undefined;
  overlay(): Overlay;
}

const wholeRange: KeyRange = { lower: null, isLowerInclusive: true, upper: null, isUpperInclusive: true };

/**
 * Reads a collection as a transaction sees it, always in the order of `_id`: MongoDB promises no other order to a find without
 * sort, and merging two orders costs more than it gives. Each page merges the table's rows with the overlay's over the same keys.
 */
export function readOverlaidPages(collection: Collection, plan: ScanPlan, reads: OverlaidReads): PageReader {
  if (plan.keys !== null) return readKeys(plan.keys, reads);
  if (plan.index != null && collection.id >= 0) return readIndex(collection, plan, reads);
  let rest: KeyRange | null = plan.range ?? wholeRange;
  return {
    next(limit: PageLimit) {
      while (rest !== null) {
        const rows: StoredDocument[] =
          collection.id < 0 ? [] : collection.table.pageByKey(rest, plan.isDescending, limit);
        const { covered, after } = divide(rest, rows.at(-1), plan.isDescending);
        rest = after;
        const page = merge(rows, inRange(reads.overlay(), covered), plan.isDescending);
        if (page.length > 0) return page;
      }
      return null;
    },
  };
}

/** The part of the range that the rows up to `last` cover, and the rest; no row covers all of it. */
function divide(
  range: KeyRange,
  last: StoredDocument | undefined,
  isDescending: boolean,
): { readonly covered: KeyRange; readonly after: KeyRange | null } {
  if (last === undefined) return { covered: range, after: null };
  return { covered: coveredBy(range, last.key, isDescending), after: rangeAfter(range, last.key, isDescending) };
}

function readKeys(keys: readonly Uint8Array[], reads: OverlaidReads): PageReader {
  let position = 0;
  return {
    next(limit: PageLimit) {
      if (position >= keys.length) return null;
      const slice = keys.slice(position, position + limit.rows);
      position += slice.length;
      return slice.map((key) => reads.get(key)).filter((stored) => stored !== undefined);
    },
  };
}

/**
 * The documents that the index finds, except those that the reader sees in another version; then all of those, each
 * once: the index has the keys of their newest version only. What was held back is shown in the version that the reader
 * sees at the end, because a majority may have reached the newest one meanwhile.
 */
function readIndex(collection: Collection, plan: ScanPlan, reads: OverlaidReads): PageReader {
  const rows = readTablePages(collection, plan);
  const shown = new Set<string>();
  const heldBack = new Map<string, Uint8Array>();
  const show = (name: string): void => {
    shown.add(name);
    heldBack.delete(name);
  };
  let isOver = false;
  const lastPage = (overlay: Overlay): StoredDocument[] => {
    const current = [...heldBack].filter(([name]) => !overlay.has(name)).map(([, key]) => reads.get(key) ?? null);
    const others = [...overlay].filter(([name]) => !shown.has(name)).map(([, stored]) => stored);
    return [...others, ...current].filter((stored) => stored !== null);
  };
  return {
    next(limit: PageLimit) {
      if (isOver) return null;
      const overlay = reads.overlay();
      const page = rows.next(limit);
      isOver = page === null;
      if (page === null) return lastPage(overlay);
      const seen = page.filter(({ key }) => !overlay.has(keyName(key)));
      for (const { key } of page) heldBack.set(keyName(key), key);
      for (const { key } of seen) show(keyName(key));
      return seen;
    },
  };
}

function coveredBy(range: KeyRange, last: Uint8Array, isDescending: boolean): KeyRange {
  return isDescending
    ? { ...range, lower: last, isLowerInclusive: true }
    : { ...range, upper: last, isUpperInclusive: true };
}

function inRange(overlay: Overlay, range: KeyRange): Overlay {
  const lower = range.lower === null ? null : keyName(range.lower);
  const upper = range.upper === null ? null : keyName(range.upper);
  const isInside = (name: string): boolean =>
    (lower === null || name > lower || (range.isLowerInclusive && name === lower)) &&
    (upper === null || name < upper || (range.isUpperInclusive && name === upper));
  return new Map([...overlay].filter(([name]) => isInside(name)));
}

function merge(rows: readonly StoredDocument[], overlay: Overlay, isDescending: boolean): StoredDocument[] {
  if (overlay.size === 0) return [...rows];
  const kept = rows.filter((row) => !overlay.has(keyName(row.key)));
  const added = [...overlay.values()].filter((stored) => stored !== null);
  const direction = isDescending ? -1 : 1;
  return [...kept, ...added].sort((a, b) => a.key.compare(b.key) * direction);
}
