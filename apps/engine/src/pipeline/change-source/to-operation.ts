/**
 * Converts change events and scanned documents to oplog operations. Pure. One event may produce operations for several
 * entities, because several entities may copy one collection.
 *
 * A document that cannot be projected, for whatever reason, becomes a dead letter and a Delete: nothing that a document holds
 * throws here (I10). The cache must not keep serving the document's earlier state, and a later scan, which produces no row for
 * it, must reach the same result (I1). A document may also fail its entity, if a column of its shape says so.
 */

import { asBuffer } from '@emcachers/bson/read-bytes';
import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { DocumentError, RefusedValueError } from '@emcachers/core/document/document-error';
import { type ColumnCounts, emptyColumnCounts, type ProjectionOptions } from '@emcachers/core/document/projection';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Operation } from '@emcachers/core/operation';
import { parseSourceName } from '@emcachers/core/shape';
import { unreachable } from '@emcachers/core/unreachable';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import { rawBytesMax } from '@emcachers/db/statements/dead-letters';
import type { AppendItem, DeadLetter, EntityFailure } from '../oplog/oplog-types.ts';
import type { ChangeEvent, Namespace } from './change-source-types.ts';
import { keyDocument } from './collection-page.ts';
import { ColumnTally } from './column-tally.ts';
import { compileShape, type ProjectedShape, type ShapeProjection } from './shape-projection.ts';

export interface Route {
  readonly entityId: number;
  readonly namespace: Namespace;
  readonly shape: ProjectedShape;
  readonly projection: ShapeProjection;
  /** True if a column is masked: nothing else of a document may be kept then. */
  readonly isMasked: boolean;
  /** Rows of large documents that were projected ahead; see `large-documents.ts`. */
  readonly prepared: WeakMap<Uint8Array, Pick<ShapeProjection, 'project'>>;
  /** Of the entity's live changes. A scan counts for itself. */
  readonly tally: ColumnTally;
}

/** Maps collections to the entities that copy them. Built once per opened stream, so that it agrees with the `$match`. */
export class Routes {
  readonly all: readonly Route[];
  readonly #byNamespace = new Map<string, Route[]>();

  constructor(routes: readonly Route[]) {
    this.all = routes;
    for (const route of routes) {
      const key = keyOf(route.namespace);
      const known = this.#byNamespace.get(key);
      if (known === undefined) this.#byNamespace.set(key, [route]);
      else known.push(route);
    }
  }

  of(namespace: Namespace): readonly Route[] {
    return this.#byNamespace.get(keyOf(namespace)) ?? [];
  }

  ofDatabase(database: string): readonly Route[] {
    return this.all.filter((route) => route.namespace.database === database);
  }
}

/** Throws as `compileShape` does. */
export function compileRoute(
  { entityId, sourceName, columns, where, maskKeyId }: Pick<EntityRecord, 'entityId' | 'sourceName'> & ProjectedShape,
  options: ProjectionOptions = {},
): Route {
  const shape = { columns, where, maskKeyId };
  return {
    entityId,
    namespace: parseSourceName(sourceName),
    shape,
    projection: compileShape(shape, options),
    isMasked: columns.some(({ mask }) => mask !== undefined),
    prepared: new WeakMap(),
    tally: new ColumnTally(columns.length),
  };
}

/** A database name has no dot, so two namespaces cannot produce the same key. */
function keyOf({ database, collection }: Namespace): string {
  return `${database}.${collection}`;
}

/** Collects the operations of one change or one page, so that a page needs one object instead of one per document. */
export class Conversion<Item extends AppendItem = AppendItem> {
  readonly items: Item[] = [];
  readonly deadLetters: DeadLetter[] = [];
  /** Entities that a document failed (EMC-6005). */
  readonly failures: EntityFailure[] = [];
  /** Approximate size of the collected operations, for the channel's byte limit. */
  bytes = 0;

  /** The projected row of a document, or a Delete if the document is gone, outside of the filter or cannot be projected. Never throws. */
  project(route: Route, change: DocumentChange, counts: ColumnCounts): Projected {
    const { entityId, projection, prepared } = route;
    const { docId, document, sourceTimeMs } = change;
    const gone: Operation = { kind: 'Delete', entityId, docId, data: null, sourceTimeMs };
    if (document === null) return { outcome: 'gone', operation: gone };
    try {
      const row = (prepared.get(document) ?? projection).project(document, counts);
      if (row === null) return { outcome: 'outside', operation: gone };
      return { outcome: 'row', operation: { kind: 'Upsert', entityId, docId, data: row.data, sourceTimeMs } };
    } catch (error) {
      this.#refused(error, route, { ...change, document });
      return { outcome: 'refused', operation: gone };
    }
  }

  add(item: Item & Operation): void {
    this.items.push(item);
    // Text takes one or two bytes per character in memory; the rest of an operation takes about a hundred bytes.
    this.bytes += 100 + item.docId.length + (item.data?.length ?? 0);
  }

  /** An error that is not of the document's own kind, for example a text that is too long for V8, still concerns only it. */
  #refused(error: unknown, { entityId, isMasked }: Route, change: RefusedChange): void {
    const { docId, document } = change;
    const errorCode = error instanceof DocumentError ? error.code : 'EMC-6001';
    const reason = reasonOf(error);
    const raw = isMasked ? null : smallCopy(document);
    const documentKey = smallCopy(change.documentKey ?? documentKeyOf(document));
    const column = error instanceof RefusedValueError ? { columnName: error.columnName } : {};
    this.deadLetters.push({ entityId, docId, errorCode, reason, raw, documentKey, attempts: 1, ...column });
    this.bytes += (raw?.length ?? 0) + (documentKey?.length ?? 0);
    if (errorCode === 'EMC-6005') this.failures.push({ entityId, errorCode, reason: `Document ${docId}: ${reason}` });
  }
}

/** What became of a document for one entity. */
interface Projected {
  readonly outcome: 'row' | 'gone' | 'outside' | 'refused';
  readonly operation: Operation;
}

/** Without the code and its title, which are shown beside the reason. */
function reasonOf(error: unknown): string {
  if (error instanceof EmcachersError) return error.detail;
  return error instanceof Error ? error.message : String(error);
}

/** The dead letter must not keep the reply of the server, or a large document, in memory. */
function smallCopy(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null || bytes.length > rawBytesMax ? null : Uint8Array.from(bytes);
}

/** Null if the bytes before the `_id` are not valid. */
function documentKeyOf(document: Uint8Array): Uint8Array | null {
  try {
    return keyDocument(asBuffer(document));
  } catch {
    return null;
  }
}

interface DocumentChange {
  readonly docId: string;
  /** Raw `{ _id }` of a change; null for a scanned document. */
  readonly documentKey: Uint8Array | null;
  readonly document: Uint8Array | null;
  readonly sourceTimeMs: number | null;
}

type RefusedChange = DocumentChange & { readonly document: Uint8Array };

/** All operations of a change, in order. The caller handles `invalidated`, which concerns the stream itself. */
export function convertEvent(event: Exclude<ChangeEvent, { kind: 'invalidated' }>, routes: Routes): Conversion {
  const conversion = new Conversion();
  switch (event.kind) {
    case 'document':
      convertDocument(event, routes.of(event.namespace), conversion);
      return conversion;
    case 'collection-gone':
      conversion.items.push(...routes.of(event.namespace).map(truncation));
      return conversion;
    case 'collection-renamed':
      conversion.items.push(...routes.of(event.namespace).map(truncation));
      // The documents under the new name were replaced, and the new ones produced no insert events. `$out` does the same.
      for (const { entityId } of routes.of(event.to))
        conversion.items.push({ kind: 'Rescan', entityId, reason: `${keyOf(event.namespace)} was renamed onto it.` });
      return conversion;
    case 'database-gone':
      conversion.items.push(...routes.ofDatabase(event.database).map(truncation));
      return conversion;
    default:
      return unreachable(event);
  }
}

function convertDocument(
  event: Extract<ChangeEvent, { kind: 'document' }>,
  interested: readonly Route[],
  conversion: Conversion,
): void {
  if (interested.length === 0) return;
  const { documentKey, document, sourceTimeMs, isInsert } = event;
  const docId = docIdOfDocument(documentKey);
  for (const route of interested) {
    const change = { docId, documentKey, document, sourceTimeMs };
    const { outcome, operation } = conversion.project(route, change, route.tally.counts);
    // A document that has left the filter may have a row. One that is inserted outside of it has none: whatever had its _id
    // before was deleted by an earlier change.
    if (outcome !== 'outside' || !isInsert) conversion.add(operation);
  }
  for (const failure of conversion.failures) conversion.items.push({ kind: 'Fail', ...failure });
}

function truncation({ entityId }: Route): AppendItem {
  return { kind: 'Truncate', entityId };
}

/** The operations of some documents of a scan, and what its columns met. */
export interface ScanConversion {
  readonly conversion: Conversion<Operation>;
  readonly counts: ColumnCounts;
  /** How many of the documents were converted, from the first. */
  readonly documents: number;
}

export interface PageOptions {
  /** Encoded rows of one conversion, bytes, at least one row. Default: no limit. */
  readonly bytesMax?: number;
  /**
   * What becomes of a document outside of the filter. `skip` (the default): nothing; for a scan, whose sweep deletes what is left
   * of it. `delete`: a Delete, for documents that are read one by one.
   */
  readonly outside?: 'skip' | 'delete';
}

/** Converts documents that were read from the collection, in order, as many as `bytesMax` allows. */
export function convertPage(
  documents: readonly Uint8Array[],
  route: Route,
  { bytesMax = Number.POSITIVE_INFINITY, outside = 'skip' }: PageOptions = {},
): ScanConversion {
  const conversion = new Conversion<Operation>();
  const counts = emptyColumnCounts(route.shape.columns.length);
  let converted = 0;
  for (const document of documents) {
    if (conversion.bytes >= bytesMax) break;
    const docId = docIdOfDocument(document);
    const change = { docId, documentKey: null, document, sourceTimeMs: null };
    const { outcome, operation } = conversion.project(route, change, counts);
    if (outcome !== 'outside' || outside === 'delete') conversion.add(operation);
    converted += 1;
  }
  return { conversion, counts, documents: converted };
}
