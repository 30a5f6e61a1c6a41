/**
 * The scan of one entity: reads its collection whole, page by page, while the stream flows on beside it.
 *
 * Keeps its part of I7: a scan counts as complete only when a page came back empty and the collection is still the one that
 * it began with, since a dropped collection answers with an empty page too. Resumable: rows and last key are committed
 * together, and a scan that was cut short goes on after that key under the same run. One page is read ahead.
 * The worst that can happen: an incomplete scan taken for complete would make the sweep delete documents that exist.
 */
import type { Log } from '@emcachers/core/log';
import { unreachable } from '@emcachers/core/unreachable';
import type { MongoSource } from '../change-source/change-source.ts';
import type { CollectionFacts, CollectionPage, LastKey } from '../change-source/change-source-types.ts';
import { refusalCode } from '../change-source/stream-errors.ts';
import { convertPage, type Route } from '../change-source/to-operation.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { IngestEntity } from './ingest.ts';
import type { IngestFacts } from './ingest-facts.ts';

export interface ScanDependencies {
  readonly source: MongoSource;
  readonly writer: OplogWriter;
  readonly facts: IngestFacts;
  readonly log: Log;
  /** Cluster time of the newest committed position, at the moment of the call. */
  readonly committedTime: () => bigint;
  /** Documents in a page; a reply of 16 MB ends it earlier. */
  readonly pageDocumentsMax: number;
}

export interface ScanRequest {
  readonly entity: IngestEntity;
  readonly route: Route;
  readonly signal: AbortSignal;
}

/** `superseded`: another run took over, `restarted`: the collection changed, `refused`: it is none that can be copied. */
export type ScanEnd = 'finished' | 'superseded' | 'restarted' | 'refused' | 'stopped';

export async function scanEntity(dependencies: ScanDependencies, request: ScanRequest): Promise<ScanEnd> {
  const { source, writer, facts } = dependencies;
  const { entity, route } = request;
  const { id: entityId, runId } = entity;
  const collection = await source.collectionFacts(route.namespace);
  if (collection !== null && collection.kind !== 'collection')
    return refuse(dependencies, request, `${entity.sourceName} is a ${collection.kind}, which has no change stream.`);
  const start = await startScan(dependencies, request, collection);
  if (typeof start === 'string') return start;
  facts.scanStarted({ entityId, estimated: start.estimated, scannedBefore: start.scannedBefore });
  try {
    const end = await scanPages(dependencies, request, start.after);
    if (end !== 'finished') return end;
    if (uuidOf(await source.collectionFacts(route.namespace)) !== uuidOf(collection))
      return await restart(dependencies, request);
    const endTime = await source.operationTime();
    return (await writer.finishScan({ entityId, runId, endTime })) === 'ok' ? 'finished' : 'superseded';
  } finally {
    facts.scanEnded();
  }
}

/** Gives the scan up: the entity is `failed` until an operator refreshes it. */
export async function refuse(
  { writer, log }: ScanDependencies,
  request: ScanRequest,
  reason: string,
): Promise<ScanEnd> {
  const { id: entityId, runId } = request.entity;
  log.warn({ entityId, reason }, 'A source cannot be scanned.');
  await writer.failScan({ entityId, runId, errorCode: refusalCode, reason });
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
  const { id: entityId, runId } = entity;
  if (entity.activity === 'scanning') {
    if (uuidOf(collection) !== entity.scanCollectionUuid) return restart(dependencies, request);
    log.info({ entityId, scanned: entity.scanned }, 'Going on with a scan.');
    return { after: entity.scanLastKey, estimated: entity.estimated, scannedBefore: entity.scanned };
  }
  const estimated = collection === null ? 0 : await source.estimatedDocuments(route.namespace);
  const outcome = await writer.beginScan({ entityId, runId, collectionUuid: uuidOf(collection), estimated });
  if (outcome === 'superseded') return 'superseded';
  log.info({ entityId, estimated }, 'Beginning a scan.');
  return { after: { kind: 'none' }, estimated, scannedBefore: 0 };
}

async function scanPages(dependencies: ScanDependencies, request: ScanRequest, start: LastKey): Promise<ScanEnd> {
  let reading: Promise<CollectionPage> | null = readAhead(dependencies, request, start);
  while (reading !== null) {
    const page: CollectionPage | null = await unlessAborted(reading, request.signal);
    if (page === null) return 'stopped';
    const lastKey: Uint8Array | null = page.lastKey;
    reading =
      page.exhausted || lastKey === null ? null : readAhead(dependencies, request, { kind: 'key', document: lastKey });
    if (page.documents.length === 0) continue;
    const outcome = await appendPage(dependencies, request, page);
    if (outcome === 'superseded') return 'superseded';
  }
  return 'finished';
}

/** Null as soon as the signal aborts: a server that is away must not hold up a stop. */
async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value | null> {
  const aborted = Promise.withResolvers<null>();
  const stop = (): void => aborted.resolve(null);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return signal.aborted ? null : await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function readAhead(dependencies: ScanDependencies, request: ScanRequest, after: LastKey): Promise<CollectionPage> {
  const { source, committedTime, pageDocumentsMax } = dependencies;
  const { namespace } = request.route;
  const page = source.readPage({ namespace, after, limit: pageDocumentsMax, notBefore: committedTime() });
  // It may never be asked for, when the page before it is refused; whoever asks gets the error all the same.
  page.catch(() => undefined);
  return page;
}

async function appendPage(
  { writer, facts }: ScanDependencies,
  { entity, route }: ScanRequest,
  page: CollectionPage,
): Promise<'ok' | 'superseded'> {
  const conversion = convertPage(page.documents, route);
  const outcome = await writer.appendScanPage({
    entityId: entity.id,
    runId: entity.runId,
    operations: conversion.items,
    deadLetters: conversion.deadLetters,
    coercionErrors: conversion.coercionErrors.reduce((sum, { count }) => sum + count, 0),
    lastKey: page.lastKey,
  });
  if (outcome === 'ok') facts.scannedMore(page.documents.length);
  return outcome;
}

/** The collection is another one than at the start: a new run reads the new one. */
async function restart({ writer, log }: ScanDependencies, { entity }: ScanRequest): Promise<ScanEnd> {
  const reason = `${entity.sourceName} was dropped, renamed or created while it was scanned.`;
  log.warn({ entityId: entity.id, code: 'EMC-2005' }, reason);
  const items = [{ kind: 'Rescan', entityId: entity.id, reason }] as const;
  await writer.append({ items, deadLetters: [], coercionErrors: [], position: null });
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
