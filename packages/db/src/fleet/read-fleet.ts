import type pg from 'pg';
import { entityFields, millis, type StoredEntity, toEntityRecord } from '../control/entity-record.ts';
import { isInUse } from '../control/streams.ts';
import { toDatabaseError } from '../database-error.ts';
import { promptly } from '../prompt-query.ts';
import { parseCaptureReport } from './capture-report.ts';
import type { CacheRow, FleetRows, IncidentCounts, NodeRow, OplogExtent, StreamRow } from './fleet-rows.ts';

/**
 * Reads the state of the fleet, each time from one snapshot, with small statements. Every engine calls it once a second, so no
 * count may take longer as a collection grows; each stops at `countMax`. Entities and caches are read again only if one of them,
 * or the oplog, has changed.
 */
export function createFleetReader(pool: pg.Pool): () => Promise<FleetRows> {
  let known: { readonly stamp: string; readonly large: LargeRows } | null = null;
  return () =>
    inSnapshot(pool, async (client) => {
      const { stamp } = one(
        await client.query<{ stamp: string | null }>(promptly({ name: 'fleet-stamp', text: stampSql })),
      );
      if (stamp === null || known?.stamp !== stamp) {
        // The plan of a statement over all partitions costs as much as its execution, so one plan is kept.
        await client.query(promptly({ text: 'SET LOCAL plan_cache_mode = force_generic_plan' }));
        const large = await readLarge(client, { scope: allEntities, values: [countMax], prepared: 'fleet' });
        known = stamp === null ? null : { stamp, large };
        return assemble({ large, ...(await readSmall(client)) });
      }
      return assemble({ large: known.large, ...(await readSmall(client)) });
    });
}

/**
 * The same rows for one entity, named without regard to case; `entities` is empty if there is none. Neither rows nor
 * partitions of other entities are touched, so this also answers while another entity's partition is locked.
 */
export function readFleetOf(pool: pg.Pool, entityName: string): Promise<FleetRows> {
  return inSnapshot(pool, async (client) => {
    const named = await client.query<{ id: number }>(
      promptly({ text: 'SELECT id FROM entity WHERE name_lower = $1', values: [entityName.toLowerCase()] }),
    );
    const values = [countMax, named.rows[0]?.id ?? null];
    const large = await readLarge(client, { scope: oneEntity, values, prepared: null });
    return assemble({ large, ...(await readSmall(client)) });
  });
}

/** Entries and staged rows are counted up to this number. Above it, the distance between ids is returned instead. */
const countMax = 20_000;

async function inSnapshot<Answer>(pool: pg.Pool, read: (client: pg.PoolClient) => Promise<Answer>): Promise<Answer> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toDatabaseError(error);
  });
  let broken: Error | undefined;
  try {
    await client.query(promptly({ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' }));
    const answer = await read(client);
    await client.query(promptly({ text: 'COMMIT' }));
    return answer;
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    throw toDatabaseError(error);
  } finally {
    // A connection that failed inside a transaction is discarded, not repaired.
    client.release(broken);
  }
}

/** What grows with the number of entities. */
type LargeRows = Pick<FleetRows, 'entities' | 'caches' | 'extents'>;

interface SmallRows {
  readonly nodes: readonly NodeRow[];
  readonly streams: readonly StreamRow[];
  readonly rest: StoredRest;
}

interface LargeRequest {
  readonly scope: Scope;
  readonly values: readonly unknown[];
  /** First part of the names of prepared statements; null to plan them each time. */
  readonly prepared: string | null;
}

async function readLarge(client: pg.PoolClient, { scope, values, prepared }: LargeRequest): Promise<LargeRows> {
  const statement = (name: string, text: string): pg.QueryConfig =>
    promptly({ text, values: [...values], ...(prepared === null ? {} : { name: `${prepared}-${name}` }) });
  const entities = await client.query<StoredEntity & OplogExtent>(statement('entities', entitiesSql(scope)));
  const caches = await client.query<StoredCache>(statement('caches', cachesSql(scope)));
  return largeRows(entities.rows, caches.rows);
}

async function readSmall(client: pg.PoolClient): Promise<SmallRows> {
  const nodes = await client.query<NodeRow>(promptly({ text: nodesSql }));
  const streams = await client.query<StoredStream>(promptly({ text: streamsSql }));
  return {
    nodes: nodes.rows,
    streams: streams.rows.map(streamRow),
    rest: one(await client.query<StoredRest>(promptly({ text: restSql }))),
  };
}

function one<Row extends pg.QueryResultRow>({ rows }: pg.QueryResult<Row>): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('A statement without FROM returned no row.');
  return row;
}

interface StoredCache extends Omit<CacheRow, 'lagEntries'> {
  /** At most `countMax`. */
  readonly counted: number | null;
}

interface StoredStream extends Pick<StreamRow, 'streamId' | 'streamName' | 'head' | 'loss'> {
  readonly leaderNodeId: string | null;
  readonly epoch: number;
  readonly savedAtMs: number | null;
  readonly sourceTimeMs: number | null;
  readonly capture: unknown;
}

interface StoredRest {
  readonly nowMs: number;
  readonly activeJobs: number;
  readonly jobsRevision: string;
  readonly incidents: IncidentCounts;
}

/**
 * Which entities to read. A statement names the entity through `id`, as a parameter, so that the planner prunes every other
 * partition and locks none of them.
 */
interface Scope {
  readonly id: (column: string) => string;
  readonly where: (column: string) => string;
}

const allEntities: Scope = { id: (column) => column, where: () => 'true' };
const oneEntity: Scope = { id: () => '$2::integer', where: (column) => `${column} = $2::integer` };

// The same as long as nothing has changed that the statements below read: an update gives a row a new xmin. Dead letters and column counts
// are summed, so two changes could cancel each other out; the counts shown are then old until the next change. Null while operations are
// staged, because their table is too large to look through.
const stampSql = `
SELECT CASE WHEN EXISTS (SELECT 1 FROM entity WHERE route = 'staging') THEN NULL ELSE md5(concat_ws('|',
         (SELECT string_agg(s.id || ' ' || s.head, ',' ORDER BY s.id) FROM stream s),
         (SELECT string_agg(e.id || ' ' || e.xmin, ',' ORDER BY e.id) FROM entity e),
         (SELECT string_agg(n.node_id || ' ' || n.entity_id || ' ' || n.xmin, ',' ORDER BY n.node_id, n.entity_id) FROM node_offset n),
         (SELECT string_agg(c.entity_id || ' ' || c.xmin, ',' ORDER BY c.entity_id) FROM oplog_compaction c),
         (SELECT count(*) || ' ' || sum(d.xmin::text::bigint) FROM dead_letter d),
         (SELECT count(*) || ' ' || sum(v.xmin::text::bigint) FROM verification v WHERE v.wrong > 0),
         (SELECT count(*) || ' ' || sum(k.xmin::text::bigint) FROM column_count k),
         (SELECT max(j.finished_at) FROM job j WHERE j.kind = 'pause'))) END AS stamp`;

// The newest id of an entity takes one index lookup in its partition, found by pruning on entity_id.
const entitiesSql = (scope: Scope): string => `
SELECT ${entityFields},
       newest.id AS head,
       CASE WHEN e.route = 'staging' THEN
         (SELECT count(*) FROM (SELECT 1 FROM oplog_staging s WHERE s.entity_id = e.id AND s.run_id = e.run_id LIMIT $1) AS page)
       END AS staged,
       CASE WHEN e.paused THEN
         (SELECT ${millis('max(j.finished_at)')} FROM job j
           WHERE j.entity_name = e.name AND j.kind = 'pause' AND j.status = 'succeeded' AND j.created_at >= e.created_at)
       END AS "pausedSinceMs",
       (SELECT json_build_object('horizon', c.horizon, 'entries', c.entries, 'bytes', c.bytes, 'removed', c.removed_total,
                                 'finishedAtMs', ${millis('c.finished_at')}, 'heldBy', c.held_by)
          FROM oplog_compaction c WHERE c.entity_id = e.id) AS compaction,
       ARRAY(SELECT DISTINCT d.error_code FROM dead_letter d WHERE d.entity_id = e.id ORDER BY 1) AS "deadLetterCodes"
  FROM entity e
  LEFT JOIN LATERAL (SELECT o.id FROM oplog o WHERE o.entity_id = ${scope.id('e.id')} ORDER BY o.id DESC LIMIT 1) AS newest
    ON true
 WHERE ${scope.where('e.id')}
 ORDER BY e.name_lower`;

// Waiting entries are counted in the entity's partition, because the ids in between belong to other entities.
const cachesSql = (scope: Scope): string => `
SELECT n.node_id AS "nodeId", n.entity_id AS "entityId", n.offset_id AS "offset", n.documents,
       n.file_bytes AS "fileBytes", n.generation, n.state, n.applied_total AS "appliedTotal",
       ${millis('n.last_applied_at')} AS "lastAppliedAtMs", n.source_time_ms AS "sourceTimeMs",
       n.error_code AS "errorCode", n.error, n.path, COALESCE(n.indexes, '[]') AS indexes, ${millis('n.reported_at')} AS "reportedAtMs",
       waiting.counted, waiting."oldestWaitingAtMs", COALESCE(wrong.rows, 0) AS "differences"
  FROM node_offset n
  LEFT JOIN LATERAL (
         SELECT v.wrong AS rows FROM verification v
          WHERE v.entity_id = n.entity_id AND v.node_id = n.node_id AND v.wrong > 0 AND v.wrong_generation = n.generation
       ) AS wrong ON true
  LEFT JOIN LATERAL (
         SELECT count(*) AS counted, ${millis('min(page.created_at)')} AS "oldestWaitingAtMs"
           FROM (SELECT o.created_at FROM oplog o
                  WHERE o.entity_id = ${scope.id('n.entity_id')} AND o.id > n.offset_id ORDER BY o.id LIMIT $1) AS page
       ) AS waiting ON n.offset_id IS NOT NULL
 WHERE ${scope.where('n.entity_id')}
 ORDER BY n.node_id, n.entity_id`;

const nodesSql = `
SELECT id AS "nodeId", roles, ${millis('started_at')} AS "startedAtMs", ${millis('heartbeat_at')} AS "heartbeatAtMs",
       ${millis('left_at')} AS "leftAtMs"
  FROM node ORDER BY id`;

// A stream without entities is not led, so nothing is said about it. The high 32 bits of a BSON Timestamp are its seconds.
const streamsSql = `
SELECT s.id AS "streamId", s.name AS "streamName", s.head, l.node_id AS "leaderNodeId", l.epoch,
       ${millis('t.saved_at')} AS "savedAtMs", (floor(t.cluster_time / 4294967296) * 1000)::int8 AS "sourceTimeMs",
       (SELECT value FROM metadata WHERE key = 'capture:' || s.id) AS capture,
       CASE WHEN t.lost_at IS NOT NULL THEN
         json_build_object('lostAtMs', ${millis('t.lost_at')}, 'mendedAtMs', ${millis('t.mended_at')}, 'errorCode', t.lost_code, 'reason', t.lost_reason)
       END AS loss
  FROM stream s JOIN leader l ON l.stream_id = s.id JOIN mongo_resume_token t ON t.stream_id = s.id
 WHERE ${isInUse}
 ORDER BY s.id`;

const restSql = `
SELECT ${millis('clock_timestamp()')} AS "nowMs",
       (SELECT count(*) FROM job WHERE status IN ('queued', 'running')) AS "activeJobs",
       (SELECT coalesce(md5(string_agg(concat_ws(' ', j.id, j.status, j.message), ',')), '')
          FROM (SELECT id, status, message FROM job ORDER BY created_at DESC, id LIMIT 200) j) AS "jobsRevision",
       (SELECT json_build_object('open', count(*), 'unacknowledged', count(*) FILTER (WHERE acknowledged_at IS NULL), 'revision',
                 coalesce(md5(string_agg(concat_ws(' ', id, times, acknowledged_at), ',' ORDER BY id)), ''))
          FROM incident WHERE closed_at IS NULL) AS incidents`;

function largeRows(entities: readonly (StoredEntity & OplogExtent)[], caches: readonly StoredCache[]): LargeRows {
  const extents = new Map(
    entities.map(({ entityId, head, staged, compaction, pausedSinceMs, deadLetterCodes }) => [
      entityId,
      { head, staged, compaction, pausedSinceMs, deadLetterCodes },
    ]),
  );
  return {
    entities: entities.map(
      ({
        head: _head,
        staged: _staged,
        compaction: _compaction,
        pausedSinceMs: _since,
        deadLetterCodes: _codes,
        ...stored
      }) => toEntityRecord(stored),
    ),
    extents,
    caches: caches.map((stored) => cacheRow(stored, extents.get(stored.entityId)?.head ?? null)),
  };
}

function streamRow({ streamId, streamName, head, loss, ...stored }: StoredStream): StreamRow {
  return {
    ...{ streamId, streamName, head, loss },
    leader: { nodeId: stored.leaderNodeId, epoch: stored.epoch },
    position: { savedAtMs: stored.savedAtMs, sourceTimeMs: stored.sourceTimeMs },
    capture: parseCaptureReport(stored.capture),
  };
}

function assemble({ large, nodes, streams, rest }: SmallRows & { readonly large: LargeRows }): FleetRows {
  return {
    ...large,
    nowMs: rest.nowMs,
    streams,
    nodes,
    activeJobs: rest.activeJobs,
    jobsRevision: rest.jobsRevision,
    incidents: rest.incidents,
  };
}

function cacheRow({ counted, ...cache }: StoredCache, head: number | null): CacheRow {
  const distance = head === null || cache.offset === null ? null : Math.max(0, head - cache.offset);
  const lagEntries = counted === null || counted < countMax ? counted : Math.max(counted, distance ?? 0);
  return { ...cache, lagEntries };
}
