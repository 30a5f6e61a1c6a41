/**
 * Converts change events and scanned documents to oplog operations. Pure. One event may produce operations for several
 * entities, because several entities may copy one collection.
 *
 * A document that cannot be projected becomes a dead letter and a Delete. The cache must not keep serving the document's
 * earlier state, and a later scan, which produces no row for it, must reach the same result (I1, I10).
 */
import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { DocumentError } from '@emcachers/core/document/document-error';
import { compileProjection, type Projection } from '@emcachers/core/document/projection';
import type { Operation } from '@emcachers/core/operation';
import { parseSourceName } from '@emcachers/core/shape';
import { unreachable } from '@emcachers/core/unreachable';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { AppendItem, CoercionErrors, DeadLetter } from '../oplog/oplog-types.ts';
import type { ChangeEvent, Namespace } from './change-source-types.ts';

export interface Route {
  readonly entityId: number;
  readonly namespace: Namespace;
  readonly projection: Projection;
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

/** Throws if a column's path is invalid, which shape validation has ruled out. */
export function compileRoute({
  entityId,
  sourceName,
  columns,
}: Pick<EntityRecord, 'entityId' | 'sourceName' | 'columns'>): Route {
  return { entityId, namespace: parseSourceName(sourceName), projection: compileProjection(columns) };
}

/** A database name has no dot, so two namespaces cannot produce the same key. */
function keyOf({ database, collection }: Namespace): string {
  return `${database}.${collection}`;
}

/** Collects the operations of one change or one page, so that a page needs one object instead of one per document. */
export class Conversion<Item extends AppendItem = AppendItem> {
  readonly items: Item[] = [];
  readonly deadLetters: DeadLetter[] = [];
  readonly coercionErrors: CoercionErrors[] = [];
  /** Approximate size of the collected operations, for the channel's byte limit. */
  bytes = 0;

  /** The projected row of a document, or a Delete if the document is gone or cannot be projected. */
  project(route: Route, { docId, document, sourceTimeMs }: DocumentChange): Operation {
    const { entityId, projection } = route;
    if (document === null) return this.#weighed({ kind: 'Delete', entityId, docId, data: null, sourceTimeMs });
    try {
      const { data, coercionErrors } = projection.project(document);
      if (coercionErrors > 0) this.coercionErrors.push({ entityId, count: coercionErrors });
      return this.#weighed({ kind: 'Upsert', entityId, docId, data, sourceTimeMs });
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      const raw = Uint8Array.from(document);
      this.deadLetters.push({ entityId, docId, errorCode: 'EMC-6001', reason: error.message, raw });
      this.bytes += raw.length;
      return this.#weighed({ kind: 'Delete', entityId, docId, data: null, sourceTimeMs });
    }
  }

  /** Text takes one or two bytes per character in memory; the rest of an operation takes about a hundred bytes. */
  #weighed(operation: Operation): Operation {
    this.bytes += 100 + operation.docId.length + (operation.data?.length ?? 0);
    return operation;
  }
}

interface DocumentChange {
  readonly docId: string;
  readonly document: Uint8Array | null;
  readonly sourceTimeMs: number | null;
}

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
  const { document, sourceTimeMs } = event;
  const docId = docIdOfDocument(event.documentKey);
  for (const route of interested) conversion.items.push(conversion.project(route, { docId, document, sourceTimeMs }));
}

function truncation({ entityId }: Route): AppendItem {
  return { kind: 'Truncate', entityId };
}

/** Converts one scan page for one entity. */
export function convertPage(documents: readonly Uint8Array[], route: Route): Conversion<Operation> {
  const conversion = new Conversion<Operation>();
  for (const document of documents)
    conversion.items.push(
      conversion.project(route, { docId: docIdOfDocument(document), document, sourceTimeMs: null }),
    );
  return conversion;
}
