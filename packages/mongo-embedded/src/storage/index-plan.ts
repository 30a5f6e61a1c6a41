import { Buffer } from 'node:buffer';
import { nullValue } from '@emcachers/bson/raw-value';
import { admits, type FieldBounds, isSubset } from '../query/field-bounds.ts';
import type { CompiledFilter } from '../query/filter.ts';
import { type IdBounds, intersect } from '../query/id-bounds.ts';
import { orderKey } from '../query/order-key.ts';
import type { IndexRange, IndexTable } from './index-table.ts';

/** How to find every possible match of a filter by one index. The filter must still be applied. */
export interface IndexPlan {
  readonly index: IndexTable;
  readonly ranges: readonly IndexRange[];
  /** Leading paths of the index that are compared for equality. */
  readonly equalPaths: number;
  /** Reads from the greatest key to the least. */
  readonly isDescending: boolean;
}

/** The order of an index that must be read. */
export interface IndexOrder {
  readonly index: IndexTable;
  readonly isDescending: boolean;
}

/** Ranges of one plan; a filter that needs more of them uses fewer paths. */
const rangesMax = 10_000;

/** After every key that has the same beginning: no key has this byte at the start of a value. */
const afterAll = Buffer.of(0xff);
const nullKey = orderKey(nullValue);

/**
 * The plan of the index that compares the most paths with the filter; null if no index helps.
 *
 * A filter's condition on a path holds for some value at the path, so an index serves it if the document has a key for
 * each value there. Two conditions may hold for different items of an array: on a multikey index each condition is taken
 * alone. Source: manual, "Multikey Index Bounds", "Sparse Indexes", "Partial Indexes".
 */
export function planIndex(indexes: readonly IndexTable[], filter: CompiledFilter): IndexPlan | null {
  if (filter.fields.length === 0) return null;
  let best: IndexPlan | null = null;
  for (const index of indexes) {
    const plan = planWith(index, filter.fields);
    if (plan !== null && isBetter(plan, best)) best = plan;
  }
  return best;
}

function isBetter(plan: IndexPlan, best: IndexPlan | null): boolean {
  if (best === null) return true;
  if (plan.equalPaths !== best.equalPaths) return plan.equalPaths > best.equalPaths;
  return plan.ranges.length < best.ranges.length;
}

function planWith(index: IndexTable, fields: readonly FieldBounds[]): IndexPlan | null {
  if (!index.isUsable || !index.state.isReady) return null;
  const used = usedBounds(index, fields);
  if (used.length === 0 || !coversMatches(index, { used, fields })) return null;
  const { prefixes, equalPaths } = equalPrefixes(used);
  const next = used[equalPaths];
  const range = next?.points === null ? next : null;
  if (equalPaths === 0 && range === null) return null;
  return { index, ranges: prefixes.map((prefix) => rangeOf(prefix, range)), equalPaths, isDescending: false };
}

/**
 * The plan of a hinted index: it is read whether it helps or not, and what it lacks is not found. Ranges are in the order
 * of their keys.
 */
export function planHinted({ index, isDescending }: IndexOrder, filter: CompiledFilter): IndexPlan {
  const used = usedBounds(index, filter.fields);
  const { prefixes, equalPaths } = equalPrefixes(used);
  const next = used[equalPaths];
  const range = next?.points === null ? next : null;
  return { index, ranges: prefixes.map((prefix) => rangeOf(prefix, range)), equalPaths, isDescending };
}

/** The beginnings of the keys that equal the bounds of the leading paths, as long as they are points. */
function equalPrefixes(used: readonly IdBounds[]): { readonly prefixes: Buffer[]; readonly equalPaths: number } {
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  let equalPaths = 0;
  for (const { points } of used) {
    if (points === null || prefixes.length * points.length > rangesMax) break;
    prefixes = prefixes.flatMap((prefix) => points.map((point) => Buffer.concat([prefix, point])));
    equalPaths += 1;
  }
  return { prefixes, equalPaths };
}

/** The bounds on the leading paths of the index, up to the first path without any. */
function usedBounds({ paths, state }: IndexTable, fields: readonly FieldBounds[]): IdBounds[] {
  const used: IdBounds[] = [];
  const roots = new Set<string>();
  for (const { path } of paths) {
    const all = boundsOn(path, fields);
    const root = rootOf(path);
    if (all.length === 0) break;
    // Conditions on two paths through one array may hold for different items of it.
    if (state.isMultikey && roots.has(root)) break;
    roots.add(root);
    const bounds = joined(all, state.isMultikey);
    used.push(bounds);
    if (bounds.points === null) break;
  }
  return used;
}

/** None if a name of the path is a position, which finds items of an array as well as fields of its documents. */
function boundsOn(path: string, fields: readonly FieldBounds[]): IdBounds[] {
  if (/(^|\.)\d+(\.|$)/.test(path)) return [];
  return fields.filter((field) => field.path === path).map(({ bounds }) => bounds);
}

function rootOf(path: string): string {
  return path.split('.', 1)[0] ?? path;
}

function joined(all: readonly IdBounds[], isMultikey: boolean): IdBounds {
  return isMultikey ? narrowest(all) : all.reduce(intersect);
}

function narrowest(all: readonly IdBounds[]): IdBounds {
  return all.reduce((best, bounds) => (breadth(bounds) < breadth(best) ? bounds : best));
}

function breadth({ points, range }: IdBounds): number {
  if (points !== null) return points.length;
  return Number.MAX_SAFE_INTEGER - (range.lower === null ? 0 : 1) - (range.upper === null ? 0 : 1);
}

/** Whether the index has every document that matches: sparse and partial indexes lack some. */
function coversMatches(
  { isSparse, partial }: IndexTable,
  { used, fields }: { used: readonly IdBounds[]; fields: readonly FieldBounds[] },
): boolean {
  if (isSparse && used.every((bounds) => admits(bounds, nullKey))) return false;
  if (partial === null) return true;
  return (
    partial.isBounded &&
    partial.fields.every((wanted) =>
      fields.some(({ path, bounds }) => path === wanted.path && isSubset(bounds, wanted.bounds)),
    )
  );
}

/** The keys that begin with the prefix, within the bounds on the next path. */
function rangeOf(prefix: Buffer, bounds: IdBounds | null): IndexRange {
  const range = bounds?.range;
  return {
    lower: Buffer.concat([prefix, range?.lower ?? '', range?.isLowerInclusive === false ? afterAll : ''].map(bytes)),
    upper: Buffer.concat(
      [prefix, range?.upper ?? afterAll, range?.upper != null && range.isUpperInclusive ? afterAll : ''].map(bytes),
    ),
  };
}

function bytes(part: Uint8Array | string): Uint8Array {
  return typeof part === 'string' ? Buffer.alloc(0) : part;
}
