import type { EntityNodeView, EntityView, FleetView, NodeView, OplogSizeView } from '@emcachers/core/api-views';
import { deriveStatus, type FleetStatus } from '@emcachers/core/status';
import type { CacheFacts, CaptureFacts, StatusFacts } from '@emcachers/core/status-facts';
import { thresholds } from '@emcachers/core/status-facts';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import { defaultStreamId } from '@emcachers/db/control/streams';
import type { CacheRow, CompactionRecord, FleetRows, OplogExtent, StreamRow } from '@emcachers/db/fleet/fleet-rows';
import { cachesOf } from './caches-by-entity.ts';
import { captureLagMs, captureOf, replyAgeMs } from './capture-lag.ts';
import { columnCountsOf, warningsOf } from './column-warnings.ts';
import { withoutDeparted } from './departed-nodes.ts';
import { nowOf, type Reading } from './fleet-reading.ts';
import { stageViews } from './fleet-stages.ts';
import { headroomFacts } from './headroom-facts.ts';
import { indexViews, indexWarnings } from './index-views.ts';
import { iso, isoOrNull } from './iso-time.ts';

/** Builds the view of the fleet. Pure; every verdict comes from `deriveStatus`. Nodes that have signed off are only listed. */
export function fleetView(given: Reading): FleetView {
  const reading = { ...given, rows: withoutDeparted(given.rows) };
  const { rows } = reading;
  const status = deriveStatus(statusFacts(reading));
  return {
    health: status.health,
    sentence: status.sentence,
    detail: status.detail,
    stages: stageViews(reading, status),
    sourceOplog: status.sourceOplog,
    entities: rows.entities.map((entity) => entityView(entity, reading, status)),
    nodes: nodeViews({ ...rows, nodes: given.rows.nodes }, status),
    leader: leaderOf(rows.streams.find(({ streamId }) => streamId === defaultStreamId)),
    streams: rows.streams.map((stream) => streamView(stream, status)),
    activeJobs: rows.activeJobs,
    jobsRevision: rows.jobsRevision,
    incidents: { ...rows.incidents },
    at: iso(nowOf(reading)),
  };
}

/** What the status of a reading is derived from. Its nodes are those that have not signed off. */
export function statusFacts(reading: Reading): StatusFacts {
  const { rows, reachable, readAgeMs } = reading;
  const nowMs = nowOf(reading);
  return {
    postgres: { reachable, readAgeMs },
    captures: new Map(rows.streams.map((stream) => [stream.streamName, captureFacts(stream, rows, nowMs)])),
    headroom: headroomFacts(reading),
    nodes: rows.nodes.map((node) => ({
      nodeId: node.nodeId,
      reportAgeMs: nowMs - node.heartbeatAtMs,
    })),
    entities: rows.entities.map((entity) => entityFacts(entity, reading)),
  };
}

function leaderOf(stream: StreamRow | undefined): FleetView['leader'] {
  if (stream === undefined || stream.leader.nodeId === null) return null;
  return { nodeId: stream.leader.nodeId, epoch: stream.leader.epoch };
}

function streamView(stream: StreamRow, status: FleetStatus): FleetView['streams'][number] {
  const { health, reason } = status.streams.get(stream.streamName) ?? { health: 'unknown', reason: null };
  return { stream: stream.streamName, leader: leaderOf(stream), health, reason };
}

function captureFacts(stream: StreamRow, rows: FleetRows, nowMs: number): CaptureFacts {
  const leaderNodeId = stream.leader.nodeId;
  const leader = rows.nodes.find((node) => node.nodeId === leaderNodeId);
  const capture = captureOf(stream);
  return {
    leaderNodeId,
    leaderReportAgeMs: leader === undefined ? null : nowMs - leader.heartbeatAtMs,
    replyAgeMs: replyAgeMs(stream, nowMs),
    streamOpen: capture?.streamOpen ?? false,
    error: capture?.error ?? null,
    errorCode: capture?.errorCode ?? null,
    loss: lossOf(stream, nowMs),
  };
}

/** Null once it was mended a while ago. */
function lossOf({ loss }: StreamRow, nowMs: number): CaptureFacts['loss'] {
  if (loss === null) return null;
  const { lostAtMs, mendedAtMs, errorCode, reason } = loss;
  if (mendedAtMs !== null && nowMs - mendedAtMs > thresholds.lossToldMs) return null;
  return { errorCode, reason, ageMs: Math.max(0, nowMs - lostAtMs) };
}

function entityFacts(entity: EntityRecord, reading: Reading): StatusFacts['entities'][number] {
  const scanning = entity.lifecycle === 'scanning';
  return {
    entityName: entity.entityName,
    stream: entity.streamName,
    activity: activityOf(entity),
    reason: entity.reason,
    errorCode: entity.errorCode,
    stageAgeMs: Math.max(0, nowOf(reading) - entity.lifecycleSinceMs),
    deadLetters: entity.deadLetters,
    deadLetterCodes: reading.rows.extents.get(entity.entityId)?.deadLetterCodes ?? [],
    warnings: warningsAbout(entity, reading),
    scanProgressAgeMs: scanning ? reading.measures.scanStandstillMs(entity.entityId) : null,
    caches: cachesOf(entity.entityId, reading.rows).map((cache) => cacheFacts(cache, reading)),
  };
}

function cacheFacts(cache: CacheRow, reading: Reading): CacheFacts {
  const nowMs = nowOf(reading);
  return {
    nodeId: cache.nodeId,
    reportAgeMs: nowMs - reportedAt(cache, reading.rows),
    state: cache.state,
    lagEntries: cache.lagEntries,
    lagMs: lagMsOf(cache, nowMs),
    standstillMs: reading.measures.cacheStandstillMs(cache.entityId, cache.nodeId),
    differences: cache.differences,
    error: cache.error,
    errorCode: cache.errorCode,
  };
}

/** An idle cache may report less often than its node sends heartbeats, so the newer of the two times counts. */
function reportedAt(cache: CacheRow, rows: FleetRows): number {
  const node = rows.nodes.find((candidate) => candidate.nodeId === cache.nodeId);
  return Math.max(cache.reportedAtMs, node?.heartbeatAtMs ?? 0);
}

function lagMsOf(cache: CacheRow, nowMs: number): number | null {
  if (cache.lagEntries === null) return null;
  if (cache.lagEntries === 0 || cache.oldestWaitingAtMs === null) return 0;
  return Math.max(0, nowMs - cache.oldestWaitingAtMs);
}

/** Only caches are paused, so an entity can be paused and scanning. The view then shows `paused`. */
function activityOf(entity: EntityRecord): EntityView['activity'] {
  const isPaused = entity.paused && entity.lifecycle !== 'deleting' && entity.lifecycle !== 'failed';
  return isPaused ? 'paused' : entity.lifecycle;
}

function entityView(entity: EntityRecord, reading: Reading, status: FleetStatus): EntityView {
  const nodes = cachesOf(entity.entityId, reading.rows).map((cache) => entityNodeView(cache, reading));
  const prompt = nodes.filter((node) => node.health !== 'unknown');
  const own = cachesOf(entity.entityId, reading.rows).find((cache) => cache.nodeId === reading.nodeId);
  const verdict = status.entities.get(entity.entityName);
  const extent = reading.rows.extents.get(entity.entityId);
  const documents = own?.documents ?? highest(nodes.map((node) => node.documents));
  return {
    entityName: entity.entityName,
    sourceName: entity.sourceName,
    stream: entity.streamName,
    columns: [...entity.columns],
    indexes: indexesOf(entity, reading),
    where: entity.where,
    version: entity.version,
    activity: activityOf(entity),
    health: verdict?.health ?? 'unknown',
    reason: verdict?.reason ?? null,
    since: iso(sinceMs(entity, extent)),
    documents,
    offset: lowest(prompt.map((node) => node.offset)),
    head: headOf(extent),
    lagEntries: highest(prompt.map((node) => node.lagEntries)),
    ...lagOf(entity, prompt, reading),
    freshAsOf: freshAsOf(entity, reading),
    ratePerSecond: reading.measures.appliedPerSecond(entity.entityId),
    rateHistory: reading.measures.appliedHistory(entity.entityId),
    deadLetters: entity.deadLetters,
    coercionErrors: entity.coercionErrors,
    filteredOut: entity.filteredOut,
    columnCounts: columnCountsOf(entity),
    warnings: warningsAbout(entity, reading),
    scan: {
      scanned: entity.scan.scanned,
      estimated: entity.scan.estimated,
      ratePerSecond: entity.lifecycle === 'scanning' ? reading.measures.scannedPerSecond(entity.entityId) : null,
      startedAt: isoOrNull(entity.scan.startedAtMs),
      finishedAt: isoOrNull(entity.scan.finishedAtMs),
      staged: extent?.staged ?? null,
    },
    oplog: oplogSizeView(extent?.compaction ?? null, documents),
    nodes,
    createdAt: iso(entity.createdAtMs),
    cachePath: own?.path ?? null,
  };
}

function indexesOf(entity: EntityRecord, reading: Reading): EntityView['indexes'] {
  const caches = cachesOf(entity.entityId, reading.rows);
  return indexViews(
    entity,
    caches.map((cache) => ({ cache, health: entityNodeView(cache, reading).health })),
  );
}

function warningsAbout(entity: EntityRecord, reading: Reading): string[] {
  return [...warningsOf(entity), ...indexWarnings(indexesOf(entity, reading))];
}

function streamOf({ streamId }: EntityRecord, { rows }: Reading): StreamRow | undefined {
  return rows.streams.find((stream) => stream.streamId === streamId);
}

function lagOf(
  entity: EntityRecord,
  prompt: readonly EntityNodeView[],
  reading: Reading,
): Pick<EntityView, 'lagMs' | 'lagByHop'> {
  const stream = streamOf(entity, reading);
  const captureMs = stream === undefined ? null : captureLagMs(stream, nowOf(reading));
  const applyMs = highest(prompt.map((node) => node.lagMs));
  return {
    lagMs: captureMs === null || applyMs === null ? null : captureMs + applyMs,
    lagByHop: { captureMs, applyMs },
  };
}

/** A pause begins with its job: the lifecycle goes on beneath it. */
function sinceMs(entity: EntityRecord, extent: OplogExtent | undefined): number {
  const pausedSinceMs = activityOf(entity) === 'paused' ? (extent?.pausedSinceMs ?? null) : null;
  return pausedSinceMs ?? entity.lifecycleSinceMs;
}

/** Compaction may remove the newest entry, if it is a Delete: then no entry lies between the newest one that is left and the horizon. */
function headOf(extent: OplogExtent | undefined): number | null {
  return highest([extent?.head ?? null, extent?.compaction?.horizon ?? null]);
}

function oplogSizeView(compaction: CompactionRecord | null, documents: number | null): OplogSizeView {
  const {
    entries = null,
    bytes = null,
    horizon = 0,
    removed = 0,
    finishedAtMs = null,
    heldBy = null,
  } = compaction ?? {};
  const superseded = entries === null || documents === null ? null : Math.max(0, entries - documents);
  return { entries, superseded, bytes, horizon, removed, compactedAt: isoOrNull(finishedAtMs), heldBy };
}

function entityNodeView(cache: CacheRow, reading: Reading): EntityNodeView {
  const nowMs = nowOf(reading);
  const late = !reading.reachable || nowMs - reportedAt(cache, reading.rows) > thresholds.reportAgeMsMax;
  return {
    nodeId: cache.nodeId,
    health: late ? 'unknown' : cache.state === 'failed' ? 'failed' : 'ok',
    offset: cache.offset,
    lagEntries: cache.lagEntries,
    lagMs: lagMsOf(cache, nowMs),
    documents: cache.documents,
    fileBytes: cache.fileBytes,
    generation: cache.generation,
    lastAppliedAt: isoOrNull(cache.lastAppliedAtMs),
    reportedAt: iso(reportedAt(cache, reading.rows)),
    errorCode: cache.errorCode,
    error: cache.error,
  };
}

/**
 * The time up to which every reporting cache is fresh, by MongoDB's clock. If all have caught up, it is the stream's
 * position, which advances while the source is idle. Otherwise it is the lowest source time among the caches.
 */
function freshAsOf(entity: EntityRecord, reading: Reading): string | null {
  const caches = cachesOf(entity.entityId, reading.rows);
  if (caches.length === 0 || caches.some((cache) => cache.lagEntries === null)) return null;
  const applied = lowest(caches.map((cache) => cache.sourceTimeMs));
  const isLevel = caches.every((cache) => cache.lagEntries === 0) && entity.lifecycle === 'live';
  const position = streamOf(entity, reading)?.position.sourceTimeMs ?? null;
  const freshMs = isLevel ? highest([applied, position]) : applied;
  return isoOrNull(freshMs);
}

function nodeViews(rows: FleetRows, status: FleetStatus): NodeView[] {
  return rows.nodes.map((node) => ({
    nodeId: node.nodeId,
    roles: [...node.roles],
    isLeader: rows.streams.some(({ leader }) => leader.nodeId === node.nodeId),
    health: status.nodes.get(node.nodeId) ?? 'unknown',
    startedAt: iso(node.startedAtMs),
    heartbeatAt: iso(node.heartbeatAtMs),
    leftAt: isoOrNull(node.leftAtMs),
  }));
}

/** The lowest value. Null if any value is unknown, because the unknown one may be lower. */
function lowest(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.includes(null)) return null;
  return Math.min(...values.filter((value) => value !== null));
}

/** The highest known value. Null if none is known. */
function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
