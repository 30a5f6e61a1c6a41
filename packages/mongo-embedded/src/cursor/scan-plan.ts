import type { CompiledFilter } from '../query/filter.ts';
import { everyKey, type IdBounds } from '../query/id-bounds.ts';
import type { Collection } from '../storage/catalog.ts';
import type { ScanPlan } from '../storage/document-access.ts';
import { type IndexOrder, planHinted, planIndex } from '../storage/index-plan.ts';

/** The requested order: by `_id`, by insertion, by a hinted index, or any. */
export type ScanOrder = NamedOrder | IndexOrder;

type NamedOrder = 'id' | 'id-descending' | 'natural' | 'natural-descending' | 'any';

export interface PlanOptions {
  readonly order: ScanOrder;
  /** Bounds on `_id`; by default those of the filter. */
  readonly bounds?: IdBounds | null;
}

/**
 * The cheapest plan that reaches every possible match: lookups of known `_id`s, an index, a range of `_id`, or the whole
 * collection, in an order that avoids a sort.
 */
export function planScan(collection: Collection, filter: CompiledFilter, options: PlanOptions): ScanPlan {
  const { order, bounds = filter.idBounds } = options;
  return typeof order === 'string'
    ? planNamed(collection, filter, { order, bounds })
    : { ...everyRow, index: planHinted(order, filter) };
}

function planNamed(
  collection: Collection,
  filter: CompiledFilter,
  { order, bounds }: { readonly order: NamedOrder; readonly bounds: IdBounds | null },
): ScanPlan {
  const isDescending = order === 'id-descending' || order === 'natural-descending';
  if (bounds?.points != null) return planLookups(bounds.points, isDescending);
  const index = order === 'any' ? planIndex(collection.indexes, filter) : null;
  if (index !== null && (bounds === null || index.equalPaths > 0)) return { ...everyRow, index };
  if (bounds !== null) return { keys: null, range: bounds.range, isDescending };
  return { keys: null, range: order.startsWith('id') ? everyKey : null, isDescending };
}

function planLookups(keys: readonly Uint8Array[], isDescending: boolean): ScanPlan {
  return { keys: isDescending ? [...keys].reverse() : keys, range: null, isDescending };
}

const everyRow = { keys: null, range: null, isDescending: false } as const;

/** The filter to apply to the plan's documents; null if the plan yields only matches. */
export function remainingFilter(filter: CompiledFilter, plan: ScanPlan): CompiledFilter | null {
  if (filter.matchesAll) return null;
  return filter.idBounds?.isExact === true && plan.index == null ? null : filter;
}
