/**
 * From a change event or a scanned document to what the oplog is given: pure. One event can be of interest to several
 * entities, since several may copy one collection.
 *
 * A document that cannot be projected becomes a dead letter and a Delete: the cache must not go on serving what the
 * document was before, and a later scan, which finds no row for it, must come to the same result (I1, I10).
 */
import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { DocumentError } from '@emcachers/core/document/document-error';
import { compileProjection, type Projection } from '@emcachers/core/document/projection';
import type { Operation } from '@emcachers/core/operation';
import { type Column, parseSourceName } from '@emcachers/core/shape';
import { unreachable } from '@emcachers/core/unreachable';
import type { AppendItem, CoercionErrors, DeadLetter } from '../oplog/oplog-types.ts';
import type { ChangeEvent, Namespace } from './change-source-types.ts';

/** What the routing needs to know of an entity. */
export interface RoutedEntity {
  readonly id: number;
  readonly sourceName: string;
  readonly columns: readonly Column[];
}

export interface Route {
  readonly entityId: number;
  readonly namespace: Namespace;
  readonly projection: Projection;
}

/** Which entities copy which collection. Made once per opening of the stream, so that it agrees with the `$match`. */
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

/** Throws when a column's path cannot be read, which the shape's check has ruled out. */
export function compileRoute({ id, sourceName, columns }: RoutedEntity): Route {
  return { entityId: id, namespace: parseSourceName(sourceName), projection: compileProjection(columns) };
}

/** A database's name has no dot, so this cannot take two namespaces for one. */
function keyOf({ database, collection }: Namespace): string {
  return `${database}.${collection}`;
}

/** What one change or one page leads to; collected into, so that a page needs one object and not one per document. */
export class Conversion<Item extends AppendItem = AppendItem> {
  readonly items: Item[] = [];
  readonly deadLetters: DeadLetter[] = [];
  readonly coercionErrors: CoercionErrors[] = [];
  /** Size of what was collected, for the channel's budget. */
  bytes = 0;

  /** The projected row of a document, or its Delete when it is gone or cannot be projected. */
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

  /** A character of text is one or two bytes in memory; the rest of an operation is about a hundred. */
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

/** Everything that a change leads to, in order. The caller handles `invalidated`, which is about the stream itself. */
export function convertEvent(event: Exclude<ChangeEvent, { kind: 'invalidated' }>, routes: Routes): Conversion {
  const conversion = new Conversion();
  switch (event.kind) {
    case 'document': {
      const { document, sourceTimeMs } = event;
      const interested = routes.of(event.namespace);
      if (interested.length === 0) return conversion;
      const docId = docIdOfDocument(event.documentKey);
      for (const route of interested)
        conversion.items.push(conversion.project(route, { docId, document, sourceTimeMs }));
      return conversion;
    }
    case 'collection-gone':
      for (const { entityId } of routes.of(event.namespace)) conversion.items.push({ kind: 'Truncate', entityId });
      return conversion;
    case 'collection-renamed':
      for (const { entityId } of routes.of(event.namespace)) conversion.items.push({ kind: 'Truncate', entityId });
      // What was under the new name is gone and what is there now was never seen as inserts; `$out` does this too.
      for (const { entityId } of routes.of(event.to))
        conversion.items.push({ kind: 'Rescan', entityId, reason: `${keyOf(event.namespace)} was renamed onto it.` });
      return conversion;
    case 'database-gone':
      for (const { entityId } of routes.ofDatabase(event.database))
        conversion.items.push({ kind: 'Truncate', entityId });
      return conversion;
    default:
      return unreachable(event);
  }
}

/** A page of a scan for one entity. */
export function convertPage(documents: readonly Uint8Array[], route: Route): Conversion<Operation> {
  const conversion = new Conversion<Operation>();
  for (const document of documents)
    conversion.items.push(
      conversion.project(route, { docId: docIdOfDocument(document), document, sourceTimeMs: null }),
    );
  return conversion;
}
