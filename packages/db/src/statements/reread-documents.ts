import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';
import { partitionName } from './partition.ts';

/**
 * What is true when documents of an entity are about to be read again from the source. Whatever is appended for one of them
 * after `head` is newer than what is read, or the same.
 */
export interface RereadStart {
  readonly entityId: number;
  readonly head: number;
  readonly runId: string;
  /** Null: the source did not exist when it was last looked at. */
  readonly collectionUuid: string | null;
}

/** Null if the entity does not exist. Throws EMC-3001 if PostgreSQL is unreachable. */
export async function readRereadStart(pool: pg.Pool, entityId: number): Promise<RereadStart | null> {
  try {
    const answer = await pool.query<RereadStart>(
      `SELECT e.id AS "entityId", s.head, e.run_id AS "runId", e.scan_collection_uuid AS "collectionUuid"
         FROM entity e JOIN stream s ON s.id = e.stream_id WHERE e.id = $1`,
      [entityId],
    );
    return answer.rows[0] ?? null;
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/**
 * Those of the documents that have entries after the start; null if the source was dropped or replaced since. The caller holds the append lock, so
 * that no entry is under way. Reads only the entries after the start, by their ids.
 */
export async function findAppendedSince(
  client: pg.PoolClient,
  { entityId, head, collectionUuid, docIds }: RereadStart & { readonly docIds: readonly string[] },
): Promise<ReadonlySet<string> | null> {
  const answer = await client.query<{ isSame: boolean; docIds: readonly string[] }>(
    `SELECT e.scan_collection_uuid IS NOT DISTINCT FROM $3::uuid AS "isSame",
            ARRAY(SELECT DISTINCT o.doc_id FROM ${partitionName(entityId)} o WHERE o.id > $2 AND o.doc_id = ANY ($4)) AS "docIds"
       FROM entity e WHERE e.id = $1`,
    [entityId, head, collectionUuid, docIds],
  );
  const [row] = answer.rows;
  return row?.isSame === true ? new Set(row.docIds) : null;
}

/**
 * Those of the documents that caches have, by the oplog: their newest entry is an Upsert. One pass over the partition
 * (docs/decisions/0002-oplog-indexes.md).
 */
export async function findCopied(
  pool: pg.Pool,
  { entityId, docIds }: { readonly entityId: number; readonly docIds: readonly string[] },
): Promise<ReadonlySet<string>> {
  const answer = await pool.query<{ docId: string }>(
    `SELECT doc_id AS "docId" FROM ${partitionName(entityId)} WHERE doc_id = ANY ($1)
      GROUP BY doc_id HAVING max(id) = max(id) FILTER (WHERE operation = 'Upsert')`,
    [docIds],
  );
  return new Set(answer.rows.map(({ docId }) => docId));
}

/** DocIDs of ObjectIds after a place, ascending, that caches have, by the oplog. One pass over the partition. */
export async function listCopiedObjectIds(
  pool: pg.Pool,
  { entityId, after, limit }: { readonly entityId: number; readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const answer = await pool.query<{ docId: string }>(
    `SELECT doc_id AS "docId" FROM ${partitionName(entityId)}
      WHERE doc_id COLLATE "C" > $1 AND doc_id ~ '^[0-9a-f]{24}$'
      GROUP BY doc_id HAVING max(id) = max(id) FILTER (WHERE operation = 'Upsert')
      ORDER BY doc_id COLLATE "C" LIMIT $2`,
    [after, limit],
  );
  return answer.rows.map(({ docId }) => docId);
}
