/**
 * Refreshes some documents of a live entity: those with given `_id`s, those that match a MongoDB query, or those since a time. Order is
 * kept by `reread.ts`. Documents outside of the selection are not touched.
 *
 * Deletions are found where the selection tells without the document what belongs to it: for `_id`s, and for the time of ObjectIds. A
 * deleted document matches no query and has no date; only its `_id` or a whole refresh finds it.
 */
import type { Clock } from '@emcachers/core/clock';
import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { keyOfDocId } from '@emcachers/core/document/doc-id-key';
import type { ProjectionOptions } from '@emcachers/core/document/projection';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { Database } from '@emcachers/db/database';
import { findCopied, listCopiedObjectIds } from '@emcachers/db/statements/reread-documents';
import type { MongoSource } from '../change-source/change-source.ts';
import type { LastKey, SourceFilter } from '../change-source/change-source-types.ts';
import { LargeDocuments, largeDocumentBytesDefault } from '../change-source/large-documents.ts';
import { toStreamError } from '../change-source/stream-errors.ts';
import { compileRoute } from '../change-source/to-operation.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import { emptyTally, type Reading, type RereadContext, type RereadTally, reread } from './reread.ts';
import type { ScanThrottle } from './scan-throttle.ts';
import { streamPassed } from './stream-passed.ts';

/** Which documents. `sinceObjectId`: hex; documents whose ObjectId is not below it. */
export type DocumentSelection =
  | { readonly kind: 'keys'; readonly keys: readonly Uint8Array[] }
  | { readonly kind: 'query'; readonly filter: SourceFilter; readonly sinceObjectId: string | null };

export interface PartialRefreshRequest {
  readonly entity: Pick<EntityRecord, 'entityId' | 'entityName' | 'sourceName' | 'columns' | 'where' | 'maskKeyId'>;
  readonly selection: DocumentSelection;
  readonly signal: AbortSignal;
  readonly onProgress: (tally: Readonly<RereadTally>) => Promise<void>;
}

/**
 * Resolves when every selected document was read once and, for `keys`, the oplog has every earlier change of the source. May be repeated. Throws EMC-5002 or EMC-5004 if the entity is deleted or does
 * not stay live, EMC-200x and EMC-300x as ingest does.
 */
export type RefreshDocuments = (request: PartialRefreshRequest) => Promise<Readonly<RereadTally>>;

export interface PartialRefreshDependencies {
  readonly database: Pick<Database, 'pool'>;
  readonly source: MongoSource;
  readonly writer: OplogWriter;
  readonly clock: Clock;
  readonly throttle: ScanThrottle;
  readonly projection: Required<ProjectionOptions>;
  /** Documents with more bytes are projected in a thread. */
  readonly largeDocumentBytes?: number;
}

const keysPerReadMax = 200;
const documentsPerPageMax = 500;
/** What is read before it is written together, because each write waits for the stream. */
const documentsPerWriteMax = 5_000;
const bytesPerWriteMax = 8 * 1024 * 1024;
/** At some 50 bytes each. Each list is one pass over the partition. */
const listedDocIdsMax = 100_000;

interface Run extends RereadContext {
  readonly source: MongoSource;
  readonly throttle: ScanThrottle;
  readonly onProgress: PartialRefreshRequest['onProgress'];
}

export function createPartialRefresh(dependencies: PartialRefreshDependencies): RefreshDocuments {
  const { projection, largeDocumentBytes = largeDocumentBytesDefault } = dependencies;
  return async ({ entity, selection, signal, onProgress }) => {
    await using largeDocuments = new LargeDocuments({ ...projection, largeDocumentBytes });
    const route = compileRoute(entity, projection);
    const tally = emptyTally();
    const run = { ...dependencies, largeDocuments, route, signal, tally, onProgress };
    try {
      await refreshSelection(run, selection);
    } catch (error) {
      throw toStreamError(error);
    }
    return tally;
  };
}

async function refreshSelection(run: Run, selection: DocumentSelection): Promise<void> {
  if (selection.kind === 'keys') {
    await refreshKeys(run, selection.keys, { keysOnly: false });
    // A document that was created and deleted while the stream lags is in neither place yet.
    return streamPassed(run, await run.source.operationTime(), run.signal);
  }
  await refreshMatching(run, selection.filter);
  if (selection.sinceObjectId !== null) await deleteGoneSince(run, selection.sinceObjectId);
}

/** `keysOnly`: the keys are of documents that caches have, and those that exist are left as they are. */
async function refreshKeys(
  run: Run,
  keys: readonly Uint8Array[],
  { keysOnly }: { readonly keysOnly: boolean },
): Promise<void> {
  for (let start = 0; start < keys.length; start += keysPerReadMax) {
    let pending = keys.slice(start, start + keysPerReadMax);
    while (pending.length > 0) {
      const wanted = pending;
      const { rest } = await reread(run, (notBefore) => readKeys(run, { keys: wanted, notBefore, keysOnly }));
      pending = rest;
    }
    await run.onProgress(run.tally);
  }
}

interface KeyReading extends Reading {
  /** Keys that must be read again, because the reply was full. */
  readonly rest: Uint8Array[];
}

async function readKeys(
  run: Run,
  request: { readonly keys: readonly Uint8Array[]; readonly notBefore: bigint; readonly keysOnly: boolean },
): Promise<KeyReading> {
  const { source, throttle, signal, route } = run;
  const { namespace } = route;
  await throttle.wait(signal);
  const { documents, isComplete } = await source.readDocuments({ namespace, ...request });
  throttle.pay(documents.length);
  const readTime = await source.operationTime();
  const found = new Set(documents.map(docIdOfDocument));
  const missing = request.keys.filter((key) => !found.has(docIdOfDocument(key)));
  const kept = request.keysOnly ? [] : documents;
  if (!isComplete) return { documents: kept, gone: [], readTime, rest: missing };
  const docIds = missing.map(docIdOfDocument);
  const gone = request.keysOnly ? docIds : await copiedOf(run, docIds);
  return { documents: kept, gone, readTime, rest: [] };
}

async function copiedOf({ database, route: { entityId } }: Run, docIds: readonly string[]): Promise<readonly string[]> {
  if (docIds.length === 0) return [];
  const copied = await findCopied(database.pool, { entityId, docIds });
  return docIds.filter((docId) => copied.has(docId));
}

async function refreshMatching(run: Run, filter: SourceFilter): Promise<void> {
  let after: LastKey | null = { kind: 'none' };
  while (after !== null) {
    const from: LastKey = after;
    const reading: MatchReading = await reread(run, (notBefore) => readMatching(run, { filter, from, notBefore }));
    await run.onProgress(run.tally);
    after = reading.next;
  }
}

interface MatchReading extends Reading {
  /** Where to go on; null at the end of the collection. */
  readonly next: LastKey | null;
}

async function readMatching(
  { source, throttle, signal, route: { namespace } }: Run,
  { filter, from, notBefore }: { readonly filter: SourceFilter; readonly from: LastKey; readonly notBefore: bigint },
): Promise<MatchReading> {
  const documents: Uint8Array[] = [];
  let bytes = 0;
  let readTime = 0n;
  let next: LastKey | null = from;
  while (next !== null && documents.length < documentsPerWriteMax && bytes < bytesPerWriteMax) {
    await throttle.wait(signal);
    const page = await source.readPage({ namespace, filter, after: next, limit: documentsPerPageMax, notBefore });
    throttle.pay(page.documents.length);
    documents.push(...page.documents);
    bytes += page.documents.reduce((sum, document) => sum + document.length, 0);
    readTime = page.readTime;
    next = page.exhausted || page.lastKey === null ? null : { kind: 'key', document: page.lastKey };
  }
  return { documents, gone: [], readTime, next };
}

/** Looks up every ObjectId that caches have from a place on, and deletes those that the source no longer has. */
async function deleteGoneSince(run: Run, sinceObjectId: string): Promise<void> {
  const { database, route } = run;
  // The place before the first: shorter texts sort before longer ones that begin with them.
  let after = sinceObjectId.slice(0, 8);
  for (;;) {
    const request = { entityId: route.entityId, after, limit: listedDocIdsMax };
    const docIds = await listCopiedObjectIds(database.pool, request);
    const keys = docIds.flatMap((docId) => keyOfDocId(docId) ?? []);
    await refreshKeys(run, keys, { keysOnly: true });
    const last = docIds.at(-1);
    if (last === undefined || docIds.length < listedDocIdsMax) return;
    after = last;
  }
}
