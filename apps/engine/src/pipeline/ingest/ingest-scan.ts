/**
 * Scans one entity: reads its whole collection page by page while the stream continues.
 *
 * Keeps its part of I7: a scan is complete only after an empty page from the same collection that it started with, because a
 * dropped collection also returns an empty page. Resumable: rows and the last key commit together, and an interrupted scan
 * continues after that key under the same run. Reads one page ahead.
 * Worst case: if an incomplete scan counted as complete, the sweep would delete documents that exist.
 */
import { asBuffer } from '@emcachers/bson/read-bytes';
import type { Log } from '@emcachers/core/log';
import { unreachable } from '@emcachers/core/unreachable';
import { unlessAborted } from '../../runtime/abort.ts';
import type { MongoSource } from '../change-source/change-source.ts';
import type { CollectionFacts, CollectionPage, LastKey } from '../change-source/change-source-types.ts';
import { exactKeyDocument } from '../change-source/collection-page.ts';
import type { LargeDocuments } from '../change-source/large-documents.ts';
import { refusalOfSource } from '../change-source/source-refusal.ts';
import { refusalCode } from '../change-source/stream-errors.ts';
import type { Route, ScanConversion } from '../change-source/to-operation.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { EntityFailure } from '../oplog/oplog-types.ts';
import type { IngestEntity } from './ingest.ts';
import type { IngestFacts } from './ingest-facts.ts';

export interface ScanDependencies {
  readonly source: MongoSource;
  readonly largeDocuments: LargeDocuments;
  readonly writer: OplogWriter;
  readonly facts: IngestFacts;
  readonly log: Log;
  /** Cluster time of the newest committed position at the time of the call. */
  readonly committedTime: () => bigint;
  /** Documents per page. A 16 MB reply ends a page earlier. */
  readonly pageDocumentsMax: number;
  /** Bytes of encoded rows per transaction, at least one row. */
  readonly pageBytesMax: number;
}

export interface ScanRequest {
  readonly entity: IngestEntity;
  readonly route: Route;
  readonly signal: AbortSignal;
}

/** `superseded`: a newer run took over. `restarted`: the collection changed. `refused`: the collection cannot be copied. */
export type ScanEnd = 'finished' | 'superseded' | 'restarted' | 'refused' | 'stopped';

export async function scanEntity(dependencies: ScanDependencies, request: ScanRequest): Promise<ScanEnd> {
  const { source, writer, facts } = dependencies;
  const { entity, route } = request;
  const { entityId, runId } = entity;
  const collection = await source.collectionFacts(route.namespace);
  const refusal = refusalOfSource(entity.sourceName, collection);
  if (refusal !== null) return refuse(dependencies, request, { errorCode: refusalCode, reason: refusal });
  const start = await startScan(dependencies, request, collection);
  if (typeof start === 'string') return start;
  facts.scanStarted({ entityId, estimated: start.estimated, scannedBefore: start.scannedBefore });
  try {
    const end = await scanPages(dependencies, request, start.after);
    if (end !== 'finished') return end;
    if (uuidOf(await source.collectionFacts(route.namespace)) !== uuidOf(collection))
      return await restart(dependencies, request);
    // A first scan has nothing to sweep, so it need not prove that it read everything.
    const { namespace } = route;
    const notBefore = dependencies.committedTime();
    const counted = entity.version === 1 ? null : await source.countDocuments({ namespace, notBefore });
    const endTime = await source.operationTime();
    return (await writer.finishScan({ entityId, runId, endTime, counted })) === 'ok' ? 'finished' : 'superseded';
  } finally {
    facts.scanEnded();
  }
}

/** Abandons the scan: the entity stays `failed` until an operator refreshes it. */
export async function refuse(
  { writer, log }: ScanDependencies,
  request: ScanRequest,
  { errorCode, reason }: Omit<EntityFailure, 'entityId'>,
): Promise<ScanEnd> {
  const { entityId, runId } = request.entity;
  log.warn({ entityId, code: errorCode, reason }, 'Source cannot be scanned; entity failed.');
  await writer.failScan({ entityId, runId, errorCode, reason });
  return 'refused';
}

interface ScanStart {
  readonly after: LastKey;
  readonly estimated: number | null;
  readonly scannedBefore: number;
}

async function startScan(
  dependencies: ScanDependencies,
  request: ScanRequest,
  collection: CollectionFacts | null,
): Promise<ScanStart | ScanEnd> {
  const { source, writer, log } = dependencies;
  const { entity, route } = request;
  const { entityId, runId } = entity;
  if (entity.lifecycle === 'scanning') {
    if (uuidOf(collection) !== entity.scanCollectionUuid) return restart(dependencies, request);
    log.info({ entityId, scanned: entity.scanned }, 'Resuming scan.');
    return { after: entity.scanLastKey, estimated: entity.estimated, scannedBefore: entity.scanned };
  }
  const estimated = collection === null ? 0 : await source.estimatedDocuments(route.namespace);
  const outcome = await writer.beginScan({ entityId, runId, collectionUuid: uuidOf(collection), estimated });
  if (outcome === 'superseded') return 'superseded';
  log.info({ entityId, estimated }, 'Starting scan.');
  return { after: { kind: 'none' }, estimated, scannedBefore: 0 };
}

async function scanPages(dependencies: ScanDependencies, request: ScanRequest, start: LastKey): Promise<ScanEnd> {
  let reading: Promise<CollectionPage> | null = readAhead(dependencies, request, start);
  while (reading !== null) {
    // An unreachable server must not delay a stop.
    const page: CollectionPage | null = await unlessAborted(reading, request.signal);
    if (page === null) return 'stopped';
    reading = readAfter(dependencies, request, page);
    if (page.documents.length === 0) continue;
    const outcome = await appendPage(dependencies, request, page);
    if (outcome !== 'ok') return outcome;
  }
  return 'finished';
}

/** Starts reading the page after the given one; null if the given page is the last. */
function readAfter(
  dependencies: ScanDependencies,
  request: ScanRequest,
  { lastKey, exhausted }: CollectionPage,
): Promise<CollectionPage> | null {
  if (exhausted || lastKey === null) return null;
  return readAhead(dependencies, request, { kind: 'key', document: lastKey });
}

function readAhead(dependencies: ScanDependencies, request: ScanRequest, after: LastKey): Promise<CollectionPage> {
  const { source, committedTime, pageDocumentsMax } = dependencies;
  const { namespace } = request.route;
  const page = source.readPage({ namespace, after, limit: pageDocumentsMax, notBefore: committedTime() });
  // If the previous page is refused, this one is never awaited. Marking the rejection as handled loses nothing: a later await still rejects.
  page.catch(() => undefined);
  return page;
}

/** Appends a page in parts, because rows can be many times larger than the documents that they come from. */
async function appendPage(
  dependencies: ScanDependencies,
  request: ScanRequest,
  page: CollectionPage,
): Promise<ScanEnd | 'ok'> {
  for (let start = 0; start < page.documents.length; ) {
    const rest = page.documents.slice(start);
    const part = await dependencies.largeDocuments.convertPage(rest, request.route, dependencies.pageBytesMax);
    start += part.documents;
    const last = rest[part.documents - 1];
    const isEnd = start === page.documents.length || last === undefined;
    // A key that cannot be sent back leaves the saved one: a resumed scan then reads this part again.
    const outcome = await appendPart(dependencies, request, {
      ...part,
      lastKey: isEnd ? page.lastKey : exactKeyDocument(asBuffer(last)),
    });
    if (outcome !== 'ok') return outcome;
  }
  return 'ok';
}

async function appendPart(
  dependencies: ScanDependencies,
  request: ScanRequest,
  { conversion, counts, documents, lastKey }: ScanConversion & { readonly lastKey: Uint8Array | null },
): Promise<ScanEnd | 'ok'> {
  const { entityId, runId } = request.entity;
  const { items: operations, deadLetters, failures } = conversion;
  const page = { entityId, runId, operations, deadLetters, counts, lastKey };
  const outcome = await dependencies.writer.appendScanPage(page);
  if (outcome === 'superseded') return outcome;
  dependencies.facts.scannedMore(documents);
  return failures[0] === undefined ? outcome : refuse(dependencies, request, failures[0]);
}

/** The collection was replaced since the scan started: a new run scans the new one. */
async function restart({ writer, log }: ScanDependencies, { entity }: ScanRequest): Promise<ScanEnd> {
  const reason = `${entity.sourceName} was dropped, renamed or created while it was scanned.`;
  log.warn({ entityId: entity.entityId, code: 'EMC-2005' }, reason);
  const items = [{ kind: 'Rescan', entityId: entity.entityId, reason }] as const;
  await writer.append({ items, deadLetters: [], columnCounts: [], position: null });
  return 'restarted';
}

function uuidOf(collection: CollectionFacts | null): string | null {
  return collection?.uuid ?? null;
}

export function describeScanEnd(end: ScanEnd): string {
  switch (end) {
    case 'finished':
      return 'A scan has read everything; promotion waits for the stream.';
    case 'superseded':
      return 'A scan was given up: a newer run took over.';
    case 'restarted':
      return 'A scan starts again.';
    case 'refused':
      return 'A scan was refused.';
    case 'stopped':
      return 'A scan was interrupted; it goes on after its last key.';
    default:
      return unreachable(end);
  }
}
