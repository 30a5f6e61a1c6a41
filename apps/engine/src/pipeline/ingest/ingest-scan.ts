/**
 * Scans one entity: reads its whole collection page by page while the stream continues.
 *
 * Keeps its part of I7: a scan is complete only after an empty page from the same collection that it started with, because a
 * dropped collection also returns an empty page. Resumable: rows and the last key commit together, and an interrupted scan
 * continues after that key under the same run. Reads one page ahead.
 * Worst case: if an incomplete scan counted as complete, the sweep would delete documents that exist.
 */
import type { Log } from '@emcachers/core/log';
import { unreachable } from '@emcachers/core/unreachable';
import { unlessAborted } from '../../runtime/abort.ts';
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
  /** Cluster time of the newest committed position at the time of the call. */
  readonly committedTime: () => bigint;
  /** Documents per page. A 16 MB reply ends a page earlier. */
  readonly pageDocumentsMax: number;
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

/** Abandons the scan: the entity stays `failed` until an operator refreshes it. */
export async function refuse(
  { writer, log }: ScanDependencies,
  request: ScanRequest,
  reason: string,
): Promise<ScanEnd> {
  const { entityId, runId } = request.entity;
  log.warn({ entityId, reason }, 'Source cannot be scanned; entity failed.');
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
    if (outcome === 'superseded') return 'superseded';
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

async function appendPage(
  { writer, facts }: ScanDependencies,
  { entity, route }: ScanRequest,
  page: CollectionPage,
): Promise<'ok' | 'superseded'> {
  const conversion = convertPage(page.documents, route);
  const outcome = await writer.appendScanPage({
    entityId: entity.entityId,
    runId: entity.runId,
    operations: conversion.items,
    deadLetters: conversion.deadLetters,
    coercionErrors: conversion.coercionErrors.reduce((sum, { count }) => sum + count, 0),
    lastKey: page.lastKey,
  });
  if (outcome === 'ok') facts.scannedMore(page.documents.length);
  return outcome;
}

/** The collection was replaced since the scan started: a new run scans the new one. */
async function restart({ writer, log }: ScanDependencies, { entity }: ScanRequest): Promise<ScanEnd> {
  const reason = `${entity.sourceName} was dropped, renamed or created while it was scanned.`;
  log.warn({ entityId: entity.entityId, code: 'EMC-2005' }, reason);
  const items = [{ kind: 'Rescan', entityId: entity.entityId, reason }] as const;
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
