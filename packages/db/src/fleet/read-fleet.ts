import type { Activity } from '@emcachers/core/api-views';
import { shapeSchema } from '@emcachers/core/shape';
import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';
import { parseCaptureReport } from './capture-report.ts';
import type { CacheRow, EntityRow, FleetRows, NodeRow } from './fleet-rows.ts';

/**
 * Everything that a picture of the fleet is made of, from one snapshot. Five small statements: it is read once a second by
 * every engine, so no count in it may grow with a collection; each stops at `countMax`.
 */
export async function readFleet(pool: pg.Pool): Promise<FleetRows> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toDatabaseError(error);
  });
  let broken: Error | undefined;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const entities = await client.query<EntityRecord>(entitiesSql, [countMax]);
    const caches = await client.query<CacheRecord>(cachesSql, [countMax]);
    const nodes = await client.query<NodeRow>(nodesSql);
    const rest = await client.query<RestRecord>(restSql);
    await client.query('COMMIT');
    return assemble({ entities: entities.rows, caches: caches.rows, nodes: nodes.rows, rest: rest.rows[0] });
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    throw toDatabaseError(error);
  } finally {
    // A connection that failed in the middle of a transaction is thrown away rather than mended.
    client.release(broken);
  }
}

/** Entries and staged rows are counted up to here; beyond, the distance between ids is told instead. */
const countMax = 20_000;

interface EntityRecord extends Omit<EntityRow, 'columns' | 'activity'> {
  readonly columns: unknown;
  readonly activity: Exclude<Activity, 'paused'>;
}

interface CacheRecord extends Omit<CacheRow, 'lagEntries'> {
  /** At most `countMax`. */
  readonly counted: number | null;
}

interface RestRecord {
  readonly nowMs: number;
  readonly head: number;
  readonly leaderNodeId: string | null;
  readonly epoch: number;
  readonly savedAtMs: number | null;
  readonly sourceTimeMs: number | null;
  readonly capture: unknown;
  readonly activeJobs: number;
}

// Milliseconds as int8: floating point would carry a fraction that dates do not.
const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::int8`;

// The newest id of an entity is one step into its partition's index, found by pruning on entity_id.
const entitiesSql = `
SELECT e.id AS "entityId", e.name AS "entityName", e.source_database || '.' || e.source_collection AS "sourceName",
       e.columns, e.version, e.activity, e.paused, ${ms('e.activity_since')} AS "activitySinceMs", e.reason,
       newest.id AS head,
       (SELECT count(*) FROM dead_letter d WHERE d.entity_id = e.id) AS "deadLetters",
       coalesce((SELECT c.coercion_errors FROM entity_counter c WHERE c.entity_id = e.id), 0) AS "coercionErrors",
       CASE WHEN e.route = 'staging' THEN
         (SELECT count(*) FROM (SELECT 1 FROM oplog_staging s WHERE s.entity_id = e.id AND s.run_id = e.run_id LIMIT $1) AS page)
       END AS staged,
       e.scan_scanned AS scanned, e.scan_estimated AS estimated,
       ${ms('e.scan_started_at')} AS "scanStartedAtMs", ${ms('e.scan_finished_at')} AS "scanFinishedAtMs",
       ${ms('e.created_at')} AS "createdAtMs"
  FROM entity e
  LEFT JOIN LATERAL (SELECT o.id FROM oplog o WHERE o.entity_id = e.id ORDER BY o.id DESC LIMIT 1) AS newest ON true
 ORDER BY e.name_lower`;

// What waits for a cache is counted in its entity's partition only: ids of other entities lie between.
const cachesSql = `
SELECT n.node_id AS "nodeId", n.entity_id AS "entityId", n.offset_id AS "offset", n.documents,
       n.file_bytes AS "fileBytes", n.generation, n.state, n.applied_total AS "appliedTotal",
       ${ms('n.last_applied_at')} AS "lastAppliedAtMs", n.source_time_ms AS "sourceTimeMs",
       n.error_code AS "errorCode", n.error, n.path, ${ms('n.reported_at')} AS "reportedAtMs",
       waiting.counted, waiting."oldestWaitingAtMs"
  FROM node_offset n
  LEFT JOIN LATERAL (
         SELECT count(*) AS counted, ${ms('min(page.created_at)')} AS "oldestWaitingAtMs"
           FROM (SELECT o.created_at FROM oplog o
                  WHERE o.entity_id = n.entity_id AND o.id > n.offset_id ORDER BY o.id LIMIT $1) AS page
       ) AS waiting ON n.offset_id IS NOT NULL
 ORDER BY n.node_id, n.entity_id`;

const nodesSql = `
SELECT id AS "nodeId", roles, ${ms('started_at')} AS "startedAtMs", ${ms('heartbeat_at')} AS "heartbeatAtMs"
  FROM node ORDER BY id`;

// A BSON Timestamp holds its seconds in the high 32 bits.
const restSql = `
SELECT ${ms('clock_timestamp()')} AS "nowMs",
       (SELECT (value #>> '{}')::int8 FROM metadata WHERE key = 'head') AS head,
       l.node_id AS "leaderNodeId", l.epoch,
       ${ms('t.saved_at')} AS "savedAtMs", (floor(t.cluster_time / 4294967296) * 1000)::int8 AS "sourceTimeMs",
       (SELECT value FROM metadata WHERE key = 'capture') AS capture,
       (SELECT count(*) FROM job WHERE status IN ('queued', 'running')) AS "activeJobs"
  FROM leader l CROSS JOIN mongo_resume_token t`;

const columnsSchema = shapeSchema.shape.columns;

function assemble(read: {
  entities: readonly EntityRecord[];
  caches: readonly CacheRecord[];
  nodes: readonly NodeRow[];
  rest: RestRecord | undefined;
}): FleetRows {
  const { rest } = read;
  if (rest === undefined) throw new Error('The rows of leader and mongo_resume_token are missing.');
  const entities = read.entities.map((record) => ({ ...record, columns: columnsSchema.parse(record.columns) }));
  const heads = new Map(entities.map((entity) => [entity.entityId, entity.head]));
  return {
    nowMs: rest.nowMs,
    head: rest.head,
    entities,
    caches: read.caches.map((record) => cacheRow(record, heads.get(record.entityId) ?? null)),
    nodes: read.nodes,
    leader: { nodeId: rest.leaderNodeId, epoch: rest.epoch },
    position: { savedAtMs: rest.savedAtMs, sourceTimeMs: rest.sourceTimeMs },
    capture: parseCaptureReport(rest.capture),
    activeJobs: rest.activeJobs,
  };
}

function cacheRow({ counted, ...cache }: CacheRecord, head: number | null): CacheRow {
  const distance = head === null || cache.offset === null ? null : Math.max(0, head - cache.offset);
  const lagEntries = counted === null || counted < countMax ? counted : Math.max(counted, distance ?? 0);
  return { ...cache, lagEntries };
}
