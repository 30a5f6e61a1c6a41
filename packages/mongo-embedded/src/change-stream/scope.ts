import type { HistoryEntry } from '../history/history-entry.ts';

/** The scope of a stream. */
export type StreamScope =
  | { readonly kind: 'collection'; readonly database: string; readonly collection: string }
  | { readonly kind: 'database'; readonly database: string }
  | { readonly kind: 'cluster' };

const internalDatabases: readonly string[] = ['admin', 'config', 'local'];

function isInternalCollection(collection: string | null): boolean {
  return collection !== null && (collection.startsWith('system.') || collection.startsWith('$'));
}

/**
 * Whether an entry is in the stream's scope. A rename is in scope under either name. A stream on one collection sees
 * the drop of its collection, but not of the database. Streams on a database or the cluster never show system
 * collections or the databases admin, config and local. Source: `buildOperationFilter` in
 * `src/mongo/db/pipeline/change_stream_filter_helpers.cpp` of mongodb/mongo.
 */
export function isInScope(entry: HistoryEntry, scope: StreamScope): boolean {
  switch (scope.kind) {
    case 'collection':
      return isOfCollection(entry, scope.database, scope.collection);
    case 'database':
      return isOfDatabase(entry, scope.database);
    case 'cluster':
      return !internalDatabases.includes(entry.database) && !isInternalCollection(entry.collection);
  }
}

function isOfCollection(entry: HistoryEntry, database: string, collection: string): boolean {
  if (entry.kind === 'dropDatabase') return false;
  if (entry.database === database && entry.collection === collection) return entry.nsType !== 'view';
  return entry.renameTo?.database === database && entry.renameTo.collection === collection;
}

function isOfDatabase(entry: HistoryEntry, database: string): boolean {
  if (entry.database === database && !isInternalCollection(entry.collection)) return true;
  return entry.renameTo?.database === database && !isInternalCollection(entry.renameTo.collection);
}

/** Whether the entry ends the stream. Source: `isInvalidatingCommand` in `document_source_change_stream_check_invalidate.cpp` of mongodb/mongo. */
export function isInvalidating(entry: HistoryEntry, scope: StreamScope): boolean {
  if (scope.kind === 'cluster') return false;
  if (scope.kind === 'database') return entry.kind === 'dropDatabase';
  return entry.kind === 'drop' || entry.kind === 'rename';
}

/** Kinds that only a stream with `showExpandedEvents` shows. */
export const expandedKinds: ReadonlySet<string> = new Set(['create', 'createIndexes', 'dropIndexes', 'modify']);
