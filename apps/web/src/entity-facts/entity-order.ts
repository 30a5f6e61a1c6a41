import type { EntityView } from '@emcachers/core/api-views';
import { statusWords, type Tone } from './status-words.ts';

/** Filters and sort orders of the entity table; kept in the URL. */
export const statusFilters = ['any', 'live', 'busy', 'paused', 'troubled'] as const;
export type StatusFilter = (typeof statusFilters)[number];
export const entitySorts = ['worst', 'entity', 'documents', 'fresh', 'lag', 'rate', 'errors'] as const;
export type EntitySort = (typeof entitySorts)[number];
export type SortDirection = 'ascending' | 'descending';

export interface EntityListing {
  readonly text: string;
  readonly status: StatusFilter;
  readonly node: string | null;
  readonly sort: EntitySort;
  readonly direction: SortDirection;
}

/** The entities that match the listing, in its order. Ties are broken by name, so that rows do not swap places. */
export function listEntities(entities: readonly EntityView[], listing: EntityListing): EntityView[] {
  const text = listing.text.trim().toLowerCase();
  return entities
    .filter((entity) => text === '' || `${entity.entityName} ${entity.sourceName}`.toLowerCase().includes(text))
    .filter((entity) => hasStatus(entity, listing.status))
    .filter((entity) => listing.node === null || entity.nodes.some((node) => node.nodeId === listing.node))
    .toSorted((a, b) => compare(a, b, listing) || a.entityName.localeCompare(b.entityName));
}

/** The same entities in the order of `names`, so that no row moves under the pointer; those that are new come last. */
export function inOrderOf(entities: readonly EntityView[], names: readonly string[]): EntityView[] {
  const places = new Map(names.map((name, place) => [name, place]));
  const placeOf = ({ entityName }: EntityView): number => places.get(entityName) ?? names.length;
  return entities.toSorted((a, b) => placeOf(a) - placeOf(b));
}

function hasStatus(entity: EntityView, status: StatusFilter): boolean {
  switch (status) {
    case 'any':
      return true;
    case 'live':
      return entity.activity === 'live';
    case 'busy':
      return ['pending', 'scanning', 'catching-up', 'deleting'].includes(entity.activity);
    case 'paused':
      return entity.activity === 'paused';
    case 'troubled':
      return entity.health !== 'ok' || entity.activity === 'failed';
  }
}

const toneRank: Readonly<Record<Tone, number>> = { bad: 0, warn: 1, unknown: 3, busy: 2, ok: 4 };

function compare(a: EntityView, b: EntityView, listing: EntityListing): number {
  const sign = listing.direction === 'ascending' ? 1 : -1;
  switch (listing.sort) {
    case 'worst':
      return (
        toneRank[statusWords(a).tone] - toneRank[statusWords(b).tone] || compareFigures(b.lagEntries, a.lagEntries)
      );
    case 'entity':
      return sign * a.entityName.localeCompare(b.entityName);
    case 'documents':
      return sign * compareFigures(a.documents, b.documents);
    case 'fresh':
      return sign * (a.freshAsOf ?? '').localeCompare(b.freshAsOf ?? '');
    case 'lag':
      return sign * compareFigures(a.lagEntries, b.lagEntries);
    case 'rate':
      return sign * compareFigures(a.ratePerSecond, b.ratePerSecond);
    case 'errors':
      return sign * compareFigures(errorCount(a), errorCount(b));
  }
}

function compareFigures(a: number | null, b: number | null): number {
  return (a ?? -1) - (b ?? -1);
}

export function errorCount(entity: EntityView): number {
  return entity.deadLetters + entity.coercionErrors;
}
