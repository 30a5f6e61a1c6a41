import type { Health, StageView } from '@emcachers/core/api-views';
import type { CaptureReport } from '@emcachers/core/capture-report';
import type { FleetStatus } from '@emcachers/core/status';
import { thresholds } from '@emcachers/core/status-facts';
import { counted, grouped, seconds } from '@emcachers/core/status-words';
import type { Verdict } from '@emcachers/core/verdict';
import type { CacheRow } from '@emcachers/db/fleet/fleet-rows';
import { captureOf } from './capture-lag.ts';
import { nowOf, type Reading } from './fleet-reading.ts';

/** The six pipeline stages in flow order, each with one figure and one line of evidence. */
export function stageViews(reading: Reading, status: FleetStatus): StageView[] {
  const { rows } = reading;
  const captures = rows.streams.map(captureOf).filter((capture) => capture !== null);
  return [
    mongoStage(captures, status.capture),
    changeSourceStage(captures, reading, status.capture),
    channelStage(captures, status.capture),
    oplogStage(reading),
    replicatorStage(reading),
    sqliteCacheStage(reading),
  ];
}

/** The reports of the leaders that have reported, one for each stream. */
type Captures = readonly CaptureReport[];

function mongoStage(captures: Captures, verdict: Verdict): StageView {
  const mongo = captures.find((capture) => capture.mongo !== null)?.mongo ?? null;
  return {
    stage: 'mongodb',
    health: verdict.health,
    figure: mongo?.setName ?? mongo?.version ?? null,
    unit: mongo?.setName === null ? '' : 'replica set',
    evidence: verdict.reason ?? (mongo === null ? 'Not connected yet' : `MongoDB ${mongo.version} is reachable`),
  };
}

function changeSourceStage(captures: Captures, reading: Reading, verdict: Verdict): StageView {
  const scanning = reading.rows.entities.find((entity) => entity.lifecycle === 'scanning');
  const estimate = scanning?.scan.estimated === null ? '' : ` of ~${grouped(scanning?.scan.estimated ?? 0)}`;
  const activity =
    scanning === undefined
      ? 'Reading the change stream'
      : `Scanning ${scanning.entityName}: ${grouped(scanning.scan.scanned)}${estimate}`;
  const rate = captures.length === 0 ? null : reading.measures.changesPerSecond();
  return {
    stage: 'change-source',
    health: verdict.health,
    figure: rate === null ? null : Math.round(rate * 10) / 10,
    unit: 'changes/s',
    // The stage before shows the reason.
    evidence: verdict.health === 'ok' ? activity : 'No changes are being read',
  };
}

function channelStage(captures: Captures, verdict: Verdict): StageView {
  const isReported = captures.length > 0;
  const operations = captures.reduce((sum, { bufferedOperations }) => sum + bufferedOperations, 0);
  const waitingBytes = captures.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
  return {
    stage: 'channel',
    health: isReported && verdict.health !== 'unknown' ? 'ok' : 'unknown',
    figure: isReported ? operations : null,
    unit: 'waiting',
    evidence:
      captures.length === 0
        ? 'No report from the leader'
        : operations === 0
          ? 'Empty'
          : `${bytes(waitingBytes)} waiting for the oplog`,
  };
}

function oplogStage(reading: Reading): StageView {
  const { rows, reachable, readAgeMs } = reading;
  const saved = rows.streams.map(({ position }) => position.savedAtMs).filter((atMs) => atMs !== null);
  return {
    stage: 'oplog',
    health: reachable ? 'ok' : 'unknown',
    figure: Math.max(0, ...rows.streams.map(({ head }) => head)),
    unit: 'newest entry',
    evidence: reachable
      ? saved.length === 0
        ? 'No stream position saved yet'
        : `Stream position saved ${seconds(Math.max(0, nowOf(reading) - Math.min(...saved)))} ago`
      : `PostgreSQL is unreachable; last read ${seconds(readAgeMs)} ago`,
  };
}

function replicatorStage(reading: Reading): StageView {
  const { rows, reachable } = reading;
  const nodes = rows.nodes.filter((node) => node.roles.includes('replicate'));
  const late = nodes.filter((node) => nowOf(reading) - node.heartbeatAtMs > thresholds.reportAgeMsMax);
  return {
    stage: 'replicator',
    health: !reachable || nodes.length === 0 ? 'unknown' : late.length === 0 ? 'ok' : 'degraded',
    figure: nodes.length - late.length,
    unit: nodes.length === 1 ? 'node' : 'nodes',
    evidence:
      late.length === 0 ? lagEvidence(rows.caches) : `No recent report from ${counted(late.length, 'node', 'nodes')}`,
  };
}

/** An unknown lag, as of a cache whose file is not open yet, is not 0. */
function lagEvidence(caches: readonly CacheRow[]): string {
  const lag = caches.reduce((most, cache) => Math.max(most, cache.lagEntries ?? 0), 0);
  const unknown = caches.filter((cache) => cache.lagEntries === null).length;
  const behind = `${counted(lag, 'entry', 'entries')} behind`;
  if (unknown === 0) return lag === 0 ? 'Up to date with the oplog' : behind;
  const ofUnknown = `lag of ${counted(unknown, 'cache', 'caches')} is unknown`;
  return lag === 0 ? `The ${ofUnknown}` : `${behind}; the ${ofUnknown}`;
}

function sqliteCacheStage(reading: Reading): StageView {
  const own = reading.rows.caches.filter((cache) => cache.nodeId === reading.nodeId);
  const broken = own.filter((cache) => cache.state === 'failed');
  const fileBytes = own.reduce((sum, cache) => sum + (cache.fileBytes ?? 0), 0);
  return {
    stage: 'sqlite-cache',
    health: cachesHealth(own, broken),
    figure: own.length === 0 ? null : own.reduce((sum, cache) => sum + (cache.documents ?? 0), 0),
    unit: 'rows',
    evidence:
      broken[0] === undefined
        ? own.length === 0
          ? 'No caches on this node yet'
          : `${counted(own.length, 'file', 'files')}, ${bytes(fileBytes)}`
        : (broken[0].error ?? 'A cache failed'),
  };
}

function cachesHealth(own: readonly CacheRow[], broken: readonly CacheRow[]): Health {
  if (broken.length === 0) return 'ok';
  return broken.length === own.length ? 'failed' : 'degraded';
}

function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = count === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1_000 ** step;
  return `${step === 0 ? value : value.toFixed(1)} ${units[step] ?? ''}`;
}
