import type { EntityView } from '@emcachers/core/api-views';
import type { EntityRecord } from '@emcachers/db/control/entity-record';

/** What each column met; zeros before the first document was read. */
export function columnCountsOf({ columns, columnCounts }: EntityRecord): EntityView['columnCounts'] {
  return columns.map(({ name }, index) => ({ name, ...(columnCounts[index] ?? { met: 0, coercionErrors: 0 }) }));
}

/** What an operator should look at although nothing failed: see the two functions below. */
export function warningsOf(entity: EntityRecord): string[] {
  return isWithoutSource(entity)
    ? [`MongoDB had no collection ${entity.sourceName} at the last look. Documents are copied as soon as it has some.`]
    : unmetPaths(entity);
}

/** Dropped, or not created yet, which is no failure; but an empty cache that is called live must not look like a full one. */
function isWithoutSource({ lifecycle, scan }: EntityRecord): boolean {
  return lifecycle === 'live' && scan.finishedAtMs !== null && scan.collectionUuid === null;
}

/**
 * A path that met nothing in a whole scan is probably misspelt: every row has NULL there, and nothing else tells. No failure,
 * because a field may be optional.
 */
function unmetPaths({ columns, columnCounts, scan, where, filteredOut }: EntityRecord): string[] {
  if (scan.finishedAtMs === null || scan.scanned === 0) return [];
  const unmet = columns.filter((_, index) => (columnCounts[index]?.met ?? 0) === 0);
  if (where !== null && unmet.length === columns.length && filteredOut >= scan.scanned)
    return [`The filter let none of ${scan.scanned} scanned documents through.`];
  return unmet.map(
    ({ name, path }) => `The path ${path} of column ${name} met no value in ${scan.scanned} scanned documents.`,
  );
}
