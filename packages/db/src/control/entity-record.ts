import type { CacheIndex } from '@emcachers/core/cache-index';
import type { Column } from '@emcachers/core/shape';
import type { StoredFilter } from '@emcachers/core/shape-filter';

/** An entity as stored in PostgreSQL. Times are milliseconds since 1970 by PostgreSQL's clock. */
export interface EntityRecord {
  readonly entityId: number;
  readonly entityName: string;
  readonly sourceName: string;
  /** Never changes. */
  readonly streamId: number;
  readonly streamName: string;
  readonly columns: readonly Column[];
  /** In canonical Extended JSON; null if every document is copied. */
  readonly where: StoredFilter | null;
  /** Of the key of the columns that are masked by a hash; null if there are none. */
  readonly maskKeyId: string | null;
  readonly shapeHash: string;
  readonly version: number;
  /** The stage reached between creation and deletion. Pausing is separate; see `paused`. */
  readonly lifecycle: 'pending' | 'scanning' | 'catching-up' | 'live' | 'failed' | 'deleting';
  readonly lifecycleSinceMs: number;
  readonly route: 'oplog' | 'staging' | 'none';
  readonly reason: string | null;
  readonly errorCode: string | null;
  readonly paused: boolean;
  readonly runId: string;
  readonly scan: ScanRecord;
  /** A cache is published once its offset has reached this; null before the first promotion. */
  readonly liveFromId: number | null;
  readonly rebuildRequested: number;
  /** The indexes that each node's cache file should have. No part of the shape. */
  readonly indexes: readonly CacheIndex[];
  readonly allowLargeSweep: boolean;
  readonly createdAtMs: number;
  readonly deadLetters: number;
  /** Of all columns, since the newest scan began. */
  readonly coercionErrors: number;
  /** Documents outside of the filter that were read since the newest scan began, in the scan and in changes. */
  readonly filteredOut: number;
  /** What each column met since the newest scan began, in the shape's order; empty until a document was read. */
  readonly columnCounts: readonly ColumnCountRecord[];
}

/** What one column met. */
export interface ColumnCountRecord {
  /** Documents in which the column's path met a value. */
  readonly met: number;
  /** Values that the column could not hold. */
  readonly coercionErrors: number;
}

/** Progress of an entity's current or last scan. Times are milliseconds since 1970 by PostgreSQL's clock. */
export interface ScanRecord {
  readonly hasLastKey: boolean;
  /** Raw BSON { _id } of the last document read; null if and only if `hasLastKey` is false. */
  readonly lastKey: Uint8Array | null;
  readonly collectionUuid: string | null;
  readonly scanned: number;
  readonly estimated: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** BSON Timestamp that the stream must pass before promotion. */
  readonly endTime: bigint | null;
}

/** A row that a SELECT of `entityFields` returns. */
export interface StoredEntity extends Omit<EntityRecord, 'scan'>, Omit<ScanRecord, 'endTime'> {
  readonly endTime: string | null;
}

/** The fields of an `EntityRecord`, for a SELECT from `entity e`. */
export const entityFields = `
         e.id AS "entityId", e.name AS "entityName",
         e.source_database || '.' || e.source_collection AS "sourceName", e.stream_id AS "streamId",
         (SELECT s.name FROM stream s WHERE s.id = e.stream_id) AS "streamName", e.columns, e.filter AS "where",
         e.mask_key_id AS "maskKeyId", e.shape_hash AS "shapeHash",
         e.version, e.lifecycle, ${millis('e.lifecycle_since')} AS "lifecycleSinceMs", e.route, e.reason,
         e.error_code AS "errorCode", e.paused, e.run_id AS "runId", e.scan_last_key AS "lastKey",
         e.scan_has_last_key AS "hasLastKey", e.scan_collection_uuid AS "collectionUuid", e.scan_scanned AS scanned,
         e.scan_estimated AS estimated, ${millis('e.scan_started_at')} AS "startedAtMs",
         ${millis('e.scan_finished_at')} AS "finishedAtMs", e.scan_end_time::text AS "endTime",
         e.live_from_id AS "liveFromId", e.rebuild_requested AS "rebuildRequested", e.indexes,
         e.allow_large_sweep AS "allowLargeSweep", ${millis('e.created_at')} AS "createdAtMs",
         (SELECT count(*) FROM dead_letter d WHERE d.entity_id = e.id) AS "deadLetters",
         COALESCE((SELECT sum(c.coercion_errors)::int8 FROM column_count c WHERE c.entity_id = e.id), 0) AS "coercionErrors",
         COALESCE((SELECT f.filtered_out FROM filter_count f WHERE f.entity_id = e.id), 0) AS "filteredOut",
         COALESCE((SELECT json_agg(json_build_object('met', c.met, 'coercionErrors', c.coercion_errors) ORDER BY c.column_index)
                     FROM column_count c WHERE c.entity_id = e.id), '[]') AS "columnCounts"`;

/** Converts a row that a SELECT of `entityFields` returned. */
export function toEntityRecord(stored: StoredEntity): EntityRecord {
  const { hasLastKey, lastKey, collectionUuid, scanned, estimated, startedAtMs, finishedAtMs, endTime, ...entity } =
    stored;
  const scan = { hasLastKey, lastKey, collectionUuid, scanned, estimated, startedAtMs, finishedAtMs };
  return { ...entity, scan: { ...scan, endTime: endTime === null ? null : BigInt(endTime) } };
}

/** A column's time as whole milliseconds since 1970. Floating point would keep a fraction that dates do not have. */
export function millis(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::int8`;
}
