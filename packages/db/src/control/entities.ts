import { createHash } from 'node:crypto';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Column, Shape } from '@emcachers/core/shape';
import { parseSourceName } from '@emcachers/core/shape';
import type pg from 'pg';
import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';
import { createPartition } from '../statements/partition.ts';
import { inTransaction } from '../transaction.ts';
import { type EntityRecord, entityFields, type StoredEntity, toEntityRecord } from './entity-record.ts';

const selectEntity = `SELECT ${entityFields} FROM entity e`;

/** All entities, ordered by id. */
export async function listEntities(database: Database): Promise<readonly EntityRecord[]> {
  const rows = await queryEntities(database.pool, `${selectEntity} ORDER BY e.id`, []);
  return rows;
}

/** Finds an entity by name, ignoring case; null if there is none. */
export async function findEntity(database: Database, name: string): Promise<EntityRecord | null> {
  const rows = await queryEntities(database.pool, `${selectEntity} WHERE e.name_lower = $1`, [name.toLowerCase()]);
  return rows[0] ?? null;
}

/** As `findEntity`, but throws EMC-5002 if there is none. */
export async function getEntity(database: Database, name: string): Promise<EntityRecord> {
  const entity = await findEntity(database, name);
  if (entity === null) throw new EmcachersError({ code: 'EMC-5002', detail: `There is no entity named ${name}.` });
  return entity;
}

/** Creates an entity, `pending`, and its partition. Throws EMC-5003 if the name is in use, also by an entity that is still being deleted. */
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
      await client.query('NOTIFY emcachers_control; COMMIT');
    });
  } catch (error) {
    if (isUniqueViolation(error)) {
      const detail = `An entity named ${shape.entityName} already exists.`;
      const fields = [{ path: ['entityName'], message: 'This name is already in use.' }];
      throw new EmcachersError({ code: 'EMC-5003', detail, fields, cause: error });
    }
    throw error;
  }
  return getEntity(database, shape.entityName);
}

/** SHA-256 of the columns. It is stored in each cache file; a file with a different hash is rebuilt. */
export function shapeHash(columns: readonly Column[]): string {
  const parts = columns.map((column) => [column.name, column.type, column.path]);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function queryEntities(pool: pg.Pool, text: string, values: readonly unknown[]): Promise<EntityRecord[]> {
  try {
    const answer = await pool.query<StoredEntity>(text, [...values]);
    return answer.rows.map(toEntityRecord);
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/** SQLSTATE 23505. */
function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}
