import { createHash } from 'node:crypto';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { NewEntity } from '@emcachers/core/new-entity';
import { defaultStreamName, parseSourceName } from '@emcachers/core/shape';
import type pg from 'pg';
import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';
import { createPartitions } from '../statements/partition.ts';
import { inTransaction, type TransactionClient } from '../transaction.ts';
import { type Asker, writeAudit } from './audit.ts';
import { type EntityRecord, entityFields, type StoredEntity, toEntityRecord } from './entity-record.ts';
import { ensureStreams } from './streams.ts';

const selectEntity = `SELECT ${entityFields} FROM entity e`;

/** Those of the entities that exist, ordered by id. */
export async function listEntitiesOf(
  database: Database,
  entityIds: readonly number[],
): Promise<readonly EntityRecord[]> {
  return queryEntities(database.pool, `${selectEntity} WHERE e.id = ANY ($1::integer[]) ORDER BY e.id`, [entityIds]);
}

/** Finds an entity by name, ignoring case; null if there is none. */
export async function findEntity(database: Database, name: string): Promise<EntityRecord | null> {
  const rows = await queryEntities(database.pool, `${selectEntity} WHERE e.name_lower = $1`, [name.toLowerCase()]);
  return rows[0] ?? null;
}

/** Its filter is in canonical Extended JSON. */
export interface EntityToStore extends NewEntity {
  /** Of the key of its hashes; null or absent if it has none. */
  readonly maskKeyId?: string | null;
  /** Who asked for it, for the audit; absent for what nobody asked for. */
  readonly asker?: Asker;
}

/** As `createEntities`, of one. Throws EMC-5003 if the name is in use. */
export async function createEntity(database: Database, entity: EntityToStore): Promise<EntityRecord> {
  const [created] = await createEntities(database, [entity]);
  if (created === undefined) throw new Error('createEntities must answer for each entity.');
  if (created instanceof EmcachersError) throw created;
  return created;
}

/**
 * Creates entities, `pending`, their partitions, and the streams that they name and that do not exist yet, in one transaction: each
 * attached partition makes every session plan its statements over all partitions again. The answer for each is its record, EMC-5003 if
 * its name is in use, also by an entity that is still being deleted, or EMC-5001 if there are too many streams.
 */
export async function createEntities(
  database: Database,
  entities: readonly EntityToStore[],
): Promise<readonly (EntityRecord | EmcachersError)[]> {
  const { created, streams } = await inTransaction(database.pool, async (client) => {
    await client.query('BEGIN');
    const free = await withFreeNames(client, entities);
    const streams = await ensureStreams(client, free.map(streamOf));
    const accepted = free.filter((entity) => typeof streams.get(streamOf(entity)) === 'number');
    const stored = accepted.map((entity) => ({ ...storedEntity(entity), stream_id: streams.get(streamOf(entity)) }));
    const answer = await client.query<{ id: number; name: string }>(insertSql, [JSON.stringify(stored)]);
    await createPartitions(
      client,
      answer.rows.map(({ id }) => id),
    );
    await auditCreations(client, accepted, answer.rows);
    await client.query('NOTIFY emcachers_control; COMMIT');
    return { created: answer.rows, streams };
  });
  const ids = created.map(({ id }) => id);
  const records = [...(await listEntitiesOf(database, ids))];
  // Of two requests for one name, the first was inserted.
  return entities.map((entity) => {
    const stream = streams.get(streamOf(entity));
    if (stream instanceof EmcachersError) return stream;
    const { entityName } = entity;
    const place = records.findIndex((record) => record.entityName === entityName);
    return records.splice(place, place < 0 ? 0 : 1)[0] ?? nameInUse(entityName);
  });
}

/** Only these may bring a new stream: it would stay if the entity is then refused. */
async function withFreeNames(
  client: TransactionClient,
  entities: readonly EntityToStore[],
): Promise<readonly EntityToStore[]> {
  const names = entities.map(({ entityName }) => entityName.toLowerCase());
  const answer = await client.query<{ name: string }>(
    'SELECT name_lower AS name FROM entity WHERE name_lower = ANY ($1::text[])',
    [names],
  );
  const taken = new Set(answer.rows.map(({ name }) => name));
  return entities.filter(({ entityName }) => !taken.has(entityName.toLowerCase()));
}

function streamOf({ stream = defaultStreamName }: EntityToStore): string {
  return stream;
}

/** Of two requests for one name, the first was inserted. */
async function auditCreations(
  client: TransactionClient,
  entities: readonly EntityToStore[],
  created: readonly { readonly name: string }[],
): Promise<void> {
  for (const { name } of created) {
    const { asker, maskKeyId: _, ...detail } = entities.find(({ entityName }) => entityName === name) ?? {};
    if (asker !== undefined) await writeAudit(client, asker, { action: 'create', entityName: name, detail });
  }
}

const insertSql = `
  INSERT INTO entity (name, name_lower, source_database, source_collection, columns, shape_hash, filter, mask_key_id, indexes,
         stream_id, run_id)
  SELECT n.name, lower(n.name), n.source_database, n.source_collection, n.columns, n.shape_hash, n.filter, n.mask_key_id, n.indexes,
         n.stream_id, gen_random_uuid()
    FROM json_to_recordset($1::json) AS n(name text, source_database text, source_collection text, columns json, shape_hash text,
         filter json, mask_key_id text, indexes json, stream_id integer)
  ON CONFLICT (name_lower) DO NOTHING
  RETURNING id, name`;

function storedEntity(entity: EntityToStore) {
  const { entityName, sourceName, columns, where = null, maskKeyId = null, indexes = [] } = entity;
  const { database, collection } = parseSourceName(sourceName);
  const source = { source_database: database, source_collection: collection };
  return {
    name: entityName,
    ...source,
    columns,
    shape_hash: shapeHash(entity),
    filter: where,
    mask_key_id: maskKeyId,
    indexes,
  };
}

function nameInUse(entityName: string): EmcachersError {
  const detail = `An entity named ${entityName} already exists.`;
  const fields = [{ path: ['entityName'], message: 'This name is already in use.' }];
  return new EmcachersError({ code: 'EMC-5003', detail, fields });
}

/**
 * SHA-256 of what decides about rows: columns with their masks, filter and key. It is stored in each cache file; a file with a
 * different hash is rebuilt.
 */
function shapeHash({ columns, where, maskKeyId }: EntityToStore): string {
  const parts = columns.map(({ name, type, path, mask }) => [name, type, path, ...(mask === undefined ? [] : [mask])]);
  const isPlain = where === undefined && (maskKeyId ?? null) === null;
  const text = JSON.stringify(isPlain ? parts : { columns: parts, where, maskKeyId });
  return createHash('sha256').update(text).digest('hex');
}

async function queryEntities(pool: pg.Pool, text: string, values: readonly unknown[]): Promise<EntityRecord[]> {
  try {
    const answer = await pool.query<StoredEntity>(text, [...values]);
    return answer.rows.map(toEntityRecord);
  } catch (error) {
    throw toDatabaseError(error);
  }
}
