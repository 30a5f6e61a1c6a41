import { createHash } from 'node:crypto';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Column, Shape } from '@emcachers/core/shape';
import { parseSourceName } from '@emcachers/core/shape';
import type pg from 'pg';
import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';
import { createPartition } from '../statements/partition.ts';
import { inTransaction } from '../transaction.ts';

/** One row of `entity`, as every part of the engine reads it. Times are milliseconds since 1970 by PostgreSQL's clock. */
export interface EntityRecord {
  readonly id: number;
  readonly name: string;
  readonly sourceDatabase: string;
  readonly sourceCollection: string;
  readonly columns: readonly Column[];
  readonly shapeHash: string;
  readonly version: number;
  readonly activity: 'pending' | 'scanning' | 'catching-up' | 'live' | 'failed' | 'deleting';
  readonly activitySinceMs: number;
  readonly route: 'oplog' | 'staging' | 'none';
  readonly reason: string | null;
  readonly errorCode: string | null;
  readonly paused: boolean;
  readonly runId: string;
  readonly scan: ScanRecord;
  /** A cache may be shown once its offset has reached this; null before the first promotion. */
  readonly liveFromId: number | null;
  readonly rebuildRequested: number;
  readonly allowLargeSweep: boolean;
  readonly createdAtMs: number;
  readonly deadLetters: number;
  readonly coercionErrors: number;
}

export interface ScanRecord {
  readonly hasLastKey: boolean;
  /** Raw BSON { _id } of the last document read; null exactly when `hasLastKey` is false. */
  readonly lastKey: Uint8Array | null;
  readonly collectionUuid: string | null;
  readonly scanned: number;
  readonly estimated: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** BSON Timestamp that the stream must pass before promotion. */
  readonly endTime: bigint | null;
}

interface EntityRow extends Omit<EntityRecord, 'scan'>, Omit<ScanRecord, 'endTime'> {
  readonly endTime: string | null;
}

const selectEntity = `
  SELECT e.id, e.name, e.source_database AS "sourceDatabase", e.source_collection AS "sourceCollection", e.columns,
         e.shape_hash AS "shapeHash", e.version, e.activity, ${millis('e.activity_since')} AS "activitySinceMs", e.route,
         e.reason, e.error_code AS "errorCode", e.paused, e.run_id AS "runId", e.scan_last_key AS "lastKey",
         e.scan_has_last_key AS "hasLastKey", e.scan_collection_uuid AS "collectionUuid", e.scan_scanned AS scanned,
         e.scan_estimated AS estimated, ${millis('e.scan_started_at')} AS "startedAtMs",
         ${millis('e.scan_finished_at')} AS "finishedAtMs", e.scan_end_time::text AS "endTime",
         e.live_from_id AS "liveFromId", e.rebuild_requested AS "rebuildRequested",
         e.allow_large_sweep AS "allowLargeSweep", ${millis('e.created_at')} AS "createdAtMs",
         (SELECT count(*) FROM dead_letter d WHERE d.entity_id = e.id) AS "deadLetters",
         COALESCE((SELECT c.coercion_errors FROM entity_counter c WHERE c.entity_id = e.id), 0) AS "coercionErrors"
    FROM entity e`;

function millis(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::float8`;
}

/** All entities by id. */
export async function listEntities(database: Database): Promise<readonly EntityRecord[]> {
  const rows = await queryEntities(database.pool, `${selectEntity} ORDER BY e.id`, []);
  return rows;
}

/** By name without regard to case; null where there is none. */
export async function findEntity(database: Database, name: string): Promise<EntityRecord | null> {
  const rows = await queryEntities(database.pool, `${selectEntity} WHERE e.name_lower = $1`, [name.toLowerCase()]);
  return rows[0] ?? null;
}

/** EMC-5002 where there is none. */
export async function getEntity(database: Database, name: string): Promise<EntityRecord> {
  const entity = await findEntity(database, name);
  if (entity === null) throw new EmcachersError({ code: 'EMC-5002', detail: `There is no entity ${name}.` });
  return entity;
}

/** A new entity, `pending`, with its partition. EMC-5003 where the name is taken, by a deleted entity's rest also. */
export async function createEntity(database: Database, shape: Shape): Promise<EntityRecord> {
  const source = parseSourceName(shape.sourceName);
  const columns = JSON.stringify(shape.columns);
  try {
    await inTransaction(database.pool, async (client) => {
      await client.query('BEGIN');
      const answer = await client.query<{ id: number }>(
        `INSERT INTO entity (name, name_lower, source_database, source_collection, columns, shape_hash, run_id)
         VALUES ($1, $2, $3, $4, $5, $6, gen_random_uuid()) RETURNING id`,
        [
          shape.entityName,
          shape.entityName.toLowerCase(),
          source.database,
          source.collection,
          columns,
          shapeHash(shape.columns),
        ],
      );
      const id = answer.rows[0]?.id ?? 0;
      await createPartition(client, id);
      await client.query('INSERT INTO entity_counter (entity_id) VALUES ($1)', [id]);
      await client.query('NOTIFY emcachers_control; COMMIT');
    });
  } catch (error) {
    if (isUniqueViolation(error)) {
      const detail = `An entity ${shape.entityName} exists.`;
      const fields = [{ path: ['entityName'], message: 'This name is taken.' }];
      throw new EmcachersError({ code: 'EMC-5003', detail, fields, cause: error });
    }
    throw error;
  }
  return getEntity(database, shape.entityName);
}

/** SHA-256 of the columns; a cache file carries it, and is built again when it differs. */
export function shapeHash(columns: readonly Column[]): string {
  const parts = columns.map((column) => [column.name, column.type, column.path]);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function queryEntities(pool: pg.Pool, text: string, values: readonly unknown[]): Promise<EntityRecord[]> {
  try {
    const answer = await pool.query<EntityRow>(text, [...values]);
    return answer.rows.map(toRecord);
  } catch (error) {
    throw toDatabaseError(error);
  }
}

function toRecord(row: EntityRow): EntityRecord {
  const { hasLastKey, lastKey, collectionUuid, scanned, estimated, startedAtMs, finishedAtMs, endTime, ...entity } =
    row;
  const scan = { hasLastKey, lastKey, collectionUuid, scanned, estimated, startedAtMs, finishedAtMs };
  return { ...entity, scan: { ...scan, endTime: endTime === null ? null : BigInt(endTime) } };
}

/** SQLSTATE 23505. */
function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}
