import type { CaptureReport } from '@emcachers/core/capture-report';
import type { FleetRows, StreamRow } from '@emcachers/db/fleet/fleet-rows';
import { cachesOf } from './caches-by-entity.ts';
import { createRates } from './rates.ts';
import { createStandstill } from './standstill.ts';

/** Measures over several readings: how fast counters grow and how long offsets have not moved. */
export interface FleetMeasures {
  /** Adds one reading. `nowMs` is monotonic. */
  observe(rows: FleetRows, nowMs: number): void;
  appliedPerSecond(entityId: number): number | null;
  appliedHistory(entityId: number): number[];
  scannedPerSecond(entityId: number): number | null;
  /** Of all streams. */
  changesPerSecond(): number | null;
  /** Time since the cache's offset last moved, milliseconds. */
  cacheStandstillMs(entityId: number, nodeId: string): number;
  /** Time since the scan last committed a page, milliseconds. */
  scanStandstillMs(entityId: number): number;
}

export function createFleetMeasures(): FleetMeasures {
  const rates = createRates();
  const standstill = createStandstill();
  const stillMs = new Map<string, number>();
  let streamIds: readonly number[] = [];
  const note = (key: string, value: number | null, nowMs: number): void => {
    stillMs.set(key, standstill.observe(key, value, nowMs));
  };
  return {
    observe(rows, nowMs) {
      stillMs.clear();
      for (const cache of rows.caches) note(cacheKey(cache.entityId, cache.nodeId), cache.offset, nowMs);
      for (const entity of rows.entities) {
        rates.observe(appliedKey(entity.entityId), mostApplied(rows, entity.entityId), nowMs);
        rates.observe(scannedKey(entity.entityId), entity.scan.scanned, nowMs);
        note(scannedKey(entity.entityId), entity.scan.scanned, nowMs);
      }
      streamIds = rows.streams.map(({ streamId }) => streamId);
      for (const { streamId, capture } of rows.streams.filter(isReported))
        rates.observe(changesKey(streamId), capture.changesTotal, nowMs);
      rates.forgetSilent();
      standstill.forgetSilent();
    },
    appliedPerSecond: (entityId) => rates.perSecond(appliedKey(entityId)),
    appliedHistory: (entityId) => rates.history(appliedKey(entityId)),
    scannedPerSecond: (entityId) => rates.perSecond(scannedKey(entityId)),
    changesPerSecond() {
      const known = streamIds.map((streamId) => rates.perSecond(changesKey(streamId))).filter((rate) => rate !== null);
      return known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0);
    },
    cacheStandstillMs: (entityId, nodeId) => stillMs.get(cacheKey(entityId, nodeId)) ?? 0,
    scanStandstillMs: (entityId) => stillMs.get(scannedKey(entityId)) ?? 0,
  };
}

function isReported(stream: StreamRow): stream is StreamRow & { readonly capture: CaptureReport } {
  return stream.capture !== null;
}

/** Every node applies the same changes, so the highest total is the entity's. */
function mostApplied(rows: FleetRows, entityId: number): number {
  const totals = cachesOf(entityId, rows).map((cache) => cache.appliedTotal);
  return Math.max(0, ...totals);
}

const appliedKey = (entityId: number): string => `applied ${entityId}`;
const scannedKey = (entityId: number): string => `scanned ${entityId}`;
const changesKey = (streamId: number): string => `changes ${streamId}`;
const cacheKey = (entityId: number, nodeId: string): string => `cache ${entityId} ${nodeId}`;
