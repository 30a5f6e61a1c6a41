import type { CompiledFilter } from '../query/filter.ts';
import { everyKey, type IdBounds } from '../query/id-bounds.ts';
import type { ScanPlan } from '../storage/document-access.ts';

/** The order that a reader wants: along `_id`, in insertion order, or none in particular. */
export type ScanOrder = 'id' | 'id-descending' | 'natural' | 'natural-descending' | 'any';

/**
 * The shortest way to every document that may match: look-ups for known `_id`s, a range of `_id`, or the whole
 * collection, in an order that spares a sort.
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

/** The filter to run on what the plan finds; null where the plan finds nothing else. */
export function remainingFilter(filter: CompiledFilter): CompiledFilter | null {
  return filter.matchesAll || filter.idBounds?.isExact === true ? null : filter;
}
