import type { CompiledFilter } from '../query/filter.ts';
import { everyKey, type IdBounds } from '../query/id-bounds.ts';
import type { ScanPlan } from '../storage/document-access.ts';

/** The requested order: by `_id`, by insertion, or any. */
export type ScanOrder = 'id' | 'id-descending' | 'natural' | 'natural-descending' | 'any';

/**
 * The cheapest plan that reaches every possible match: lookups of known `_id`s, a range of `_id`, or the whole
 * collection, in an order that avoids a sort.
 */
export function planScan(
  filter: CompiledFilter,
  order: ScanOrder,
  bounds: IdBounds | null = filter.idBounds,
): ScanPlan {
  const isDescending = order === 'id-descending' || order === 'natural-descending';
  const points = bounds?.points ?? null;
  if (points !== null) return { keys: isDescending ? [...points].reverse() : points, range: null, isDescending };
  const isAlongId = order === 'id' || order === 'id-descending' || bounds !== null;
  return { keys: null, range: isAlongId ? (bounds?.range ?? everyKey) : null, isDescending };
}

/** The filter to apply to the plan's documents; null if the plan yields only matches. */
export function remainingFilter(filter: CompiledFilter): CompiledFilter | null {
  return filter.matchesAll || filter.idBounds?.isExact === true ? null : filter;
}
