/**
 * Scans one entity: reads its whole collection page by page while the stream continues.
 *
 * Keeps its part of I7: a scan is complete only after an empty page from the same collection that it started with, because a
 * dropped collection also returns an empty page. Resumable: rows and the last key commit together, and an interrupted scan
 * continues after that key under the same run. Works in turns, beside the scans of other entities; within a turn it reads one
 * page ahead, and between turns it holds no page (I11).
 * Worst case: if an incomplete scan counted as complete, the sweep would delete documents that exist.
 */
import { asBuffer } from '@emcachers/bson/read-bytes';
import type { Clock } from '@emcachers/core/clock';
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
import type { FairTurns } from './fair-turns.ts';
import type { IngestEntity } from './ingest.ts';
import type { IngestFacts } from './ingest-facts.ts';
import type { ScanThrottle } from './scan-throttle.ts';

export interface ScanDependencies {
  readonly source: MongoSource;
  readonly largeDocuments: LargeDocuments;
  readonly writer: OplogWriter;
  readonly facts: IngestFacts;
  readonly log: Log;
  readonly clock: Clock;
  readonly turns: FairTurns;
  readonly throttle: ScanThrottle;
  /** Every change that the stream has delivered so far has a cluster time up to this: a page must not be older. */
  readonly deliveredTime: () => bigint;
  /** Resolves when every change up to the time is in the oplog. */
  readonly untilPassed: (time: bigint, signal: AbortSignal) => Promise<void>;
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

/** `superseded`: it was cancelled, or a newer run took over. `restarted`: the collection changed. `refused`: the collection cannot be copied. */
export type ScanEnd = 'finished' | 'superseded' | 'restarted' | 'refused' | 'stopped';

/** How long a turn lasts while other scans wait for one, milliseconds: a few pages. */
const turnMs = 100;

export async function scanEntity(dependencies: ScanDependencies, request: ScanRequest): Promise<ScanEnd> {
  const { facts, turns } = dependencies;
  using share = turns.join();
  let turn = (): Promise<ScanStep> => beginScan(dependencies, request);
  try {
    for (;;) {
      const step = await share.take(turn, request.signal);
      if (step === null) return 'stopped';
      if (typeof step === 'string') return step;
      turn = () => scanPages(dependencies, request, step);
    }
  } finally {
    facts.scanEnded(request.entity.entityId);
  }
}

/** A scan between two turns. */
interface ScanPlace {
  readonly after: LastKey;
  readonly collection: CollectionFacts | null;
}

type ScanStep = ScanEnd | ScanPlace;

async function beginScan(dependencies: ScanDependencies, request: ScanRequest): Promise<ScanStep> {
  const { source, facts } = dependencies;
  const { entity, route } = request;
  const collection = await source.collectionFacts(route.namespace);
  const refusal = refusalOfSource(entity.sourceName, collection);
  if (refusal !== null) return refuse(dependencies, request, { errorCode: refusalCode, reason: refusal });
  const start = await startScan(dependencies, request, collection);
  if (typeof start === 'string') return start;
  facts.scanStarted({ entityId: entity.entityId, estimated: start.estimated, scannedBefore: start.scannedBefore });
  return scanPages(dependencies, request, { after: start.after, collection });
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

/** Scans until the end, or until the turn is over and another scan waits for one. */
async function scanPages(dependencies: ScanDependencies, request: ScanRequest, place: ScanPlace): Promise<ScanStep> {
  const endMs = dependencies.clock.monotonicMs() + turnMs;
  let reading: Promise<CollectionPage> | null = readAhead(dependencies, request, place.after);
  let after: LastKey | null = place.after;
  while (reading !== null) {
    // An unreachable server must not delay a stop.
    const page: CollectionPage | null = await unlessAborted(reading, request.signal);
    if (page === null) return 'stopped';
    after = keyAfter(page);
    reading = isTurnOver(dependencies, endMs) ? null : readNext(dependencies, request, after);
    const outcome = await appendPage(dependencies, request, page);
    if (outcome !== 'ok') return outcome;
  }
  return after === null ? finish(dependencies, request, place.collection) : { ...place, after };
}

function isTurnOver({ clock, turns }: ScanDependencies, endMs: number): boolean {
  return turns.isContended() && clock.monotonicMs() >= endMs;
}

/** The collection has been read; it must still be the one that the scan started with. */
async function finish(
  dependencies: ScanDependencies,
  request: ScanRequest,
  collection: CollectionFacts | null,
): Promise<ScanEnd> {
  const { source, writer, deliveredTime } = dependencies;
  const { entity, route } = request;
  const { entityId, runId } = entity;
  if (uuidOf(await source.collectionFacts(route.namespace)) !== uuidOf(collection))
    return restart(dependencies, request);
  // A first scan has nothing to sweep, so it need not prove that it read everything.
  const { namespace } = route;
  const notBefore = deliveredTime();
  const counted = entity.version === 1 ? null : await source.countDocuments({ namespace, notBefore });
  const endTime = await source.operationTime();
  return (await writer.finishScan({ entityId, runId, endTime, counted })) === 'ok' ? 'finished' : 'superseded';
}

/** Where the page after the given one starts; null if the given page is the last. */
function keyAfter({ lastKey, exhausted }: CollectionPage): LastKey | null {
  return exhausted || lastKey === null ? null : { kind: 'key', document: lastKey };
}

/** Null at the end of the collection. */
function readNext(
  dependencies: ScanDependencies,
  request: ScanRequest,
  after: LastKey | null,
): Promise<CollectionPage> | null {
  return after === null ? null : readAhead(dependencies, request, after);
}

function readAhead(dependencies: ScanDependencies, request: ScanRequest, after: LastKey): Promise<CollectionPage> {
  const page = readPage(dependencies, request, after);
  // If the previous page is refused, this one is never awaited. Marking the rejection as handled loses nothing: a later await still rejects.
  page.catch(() => undefined);
  return page;
}

async function readPage(
  { source, throttle, deliveredTime, pageDocumentsMax }: ScanDependencies,
  { route: { namespace }, signal }: ScanRequest,
  after: LastKey,
): Promise<CollectionPage> {
  await throttle.wait(signal);
  const page = await source.readPage({ namespace, after, limit: pageDocumentsMax, notBefore: deliveredTime() });
  throttle.pay(page.documents.length);
  return page;
}

/** True if live changes of the entity go to the oplog during the scan. */
export function isRefresh({ entity }: Pick<ScanRequest, 'entity'>): boolean {
  return entity.route === 'oplog';
}

/**
 * Appends a page in parts, because rows can be many times larger than the documents that they come from. A refresh first waits
 * until the stream has passed the time at which the page was read: caches that are being read must not show a change and then
 * the document as it was before it.
 */
async function appendPage(
  dependencies: ScanDependencies,
  request: ScanRequest,
  page: CollectionPage,
): Promise<ScanEnd | 'ok'> {
  if (isRefresh(request)) await dependencies.untilPassed(page.readTime, request.signal);
  if (request.signal.aborted) return 'stopped';
  for (let start = 0; start < page.documents.length; ) {
    const rest = page.documents.slice(start);
    const part = await dependencies.largeDocuments.convertPage(rest, request.route, {
      bytesMax: dependencies.pageBytesMax,
    });
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
  dependencies.facts.flow.committed({ items: operations, deadLetters });
  dependencies.facts.scannedMore({ entityId, documents });
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
      return 'A scan was given up: it was cancelled, or a newer run took over.';
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
