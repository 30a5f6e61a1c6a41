import type pg from 'pg';
import { partitionName } from '../statements/partition.ts';

/** The offset up to which every cache of an entity has applied its entries, as far as compaction waits for it. */
export interface SafePlace {
  readonly offset: number;
  /** The node whose cache is the furthest behind; null if compaction waits for no cache. */
  readonly heldBy: string | null;
}

/** Which entity, and how long a cache may stand still before compaction no longer waits for it. */
export interface SafePlaceRequest {
  readonly entityId: number;
  readonly giveUpMs: number;
}

/**
 * A cache is waited for if its offset moved recently, as that of a cache that is being built does, or if no entry has waited for
 * it longer than `giveUpMs`. A node that is switched off, and a cache that is paused or fails, are therefore given up; a cache
 * that stands still because nothing happens is not. A given-up cache recognises by the horizon that it must be rebuilt, so this
 * decides only who is spared a rebuild. Without any report, everything up to the head is safe.
 */
const sql = (partition: string): string => `
  SELECT LEAST(m.head, held.offset_id) AS "offset", held.node_id AS "heldBy"
    FROM (SELECT s.head FROM stream s JOIN entity e ON e.stream_id = s.id WHERE e.id = $1) AS m
    LEFT JOIN LATERAL (
           SELECT n.node_id, COALESCE(n.offset_id, 0) AS offset_id
             FROM node_offset n
             LEFT JOIN LATERAL (SELECT o.created_at FROM ${partition} o
                                 WHERE o.id > COALESCE(n.offset_id, 0) ORDER BY o.id LIMIT 1) AS waiting ON true
            WHERE n.entity_id = $1
              AND GREATEST(n.moved_at, COALESCE(waiting.created_at, now())) > now() - $2 * interval '1 millisecond'
            ORDER BY COALESCE(n.offset_id, 0) LIMIT 1
         ) AS held ON true`;

/** One statement, and so one snapshot. */
export async function readSafePlace(client: pg.Pool | pg.PoolClient, request: SafePlaceRequest): Promise<SafePlace> {
  const { entityId, giveUpMs } = request;
  const answer = await client.query<SafePlace>(sql(partitionName(entityId)), [entityId, giveUpMs]);
  const [place] = answer.rows;
  if (place === undefined) throw new Error(`Entity ${entityId} does not exist.`);
  return place;
}

/** The newest oplog id of the entity's stream. */
export async function readHead(pool: pg.Pool, entityId: number): Promise<number> {
  const answer = await pool.query<{ head: number }>(
    'SELECT s.head FROM stream s JOIN entity e ON e.stream_id = s.id WHERE e.id = $1',
    [entityId],
  );
  return answer.rows[0]?.head ?? 0;
}
