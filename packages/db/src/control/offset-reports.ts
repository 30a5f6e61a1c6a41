import type { IndexReport } from '@emcachers/core/index-report';
import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';
import { promptly } from '../prompt-query.ts';

/** A node's report on one of its caches; null means unknown. Ages use PostgreSQL's clock, so nodes' clocks do not matter. */
export interface OffsetReport {
  readonly entityId: number;
  readonly offset: number | null;
  readonly documents: number | null;
  readonly fileBytes: number | null;
  readonly generation: number | null;
  /** How many generations have files on the node. Absent or null: unknown. */
  readonly generations?: number | null;
  readonly published: boolean;
  readonly state: string;
  readonly appliedTotal: number;
  readonly lastAppliedAtMs: number | null;
  readonly sourceTimeMs: number | null;
  readonly errorCode: string | null;
  readonly error: string | null;
  readonly path: string | null;
  /** Of each declared index. Absent: unknown. */
  readonly indexes?: readonly IndexReport[] | null;
}

/** A report as PostgreSQL keeps it. */
export interface OffsetRecord extends OffsetReport {
  readonly nodeId: string;
  readonly reportedAt: Date;
  /** Age of the report or of the node's newer heartbeat, which says that the report still holds. By PostgreSQL's clock. */
  readonly reportedAgeMs: number;
}

const reportSql = `
INSERT INTO node_offset (node_id, entity_id, offset_id, documents, file_bytes, generation, generations, published, state,
                         applied_total, last_applied_at, source_time_ms, error_code, error, path, indexes)
SELECT $1, r."entityId", r."offset", r.documents, r."fileBytes", r.generation, r.generations, r.published, r.state, r."appliedTotal",
       to_timestamp(r."lastAppliedAtMs" / 1000.0), r."sourceTimeMs", r."errorCode", r.error, r.path, r.indexes
  FROM json_to_recordset($2::json) AS r("entityId" integer, "offset" bigint, documents bigint, "fileBytes" bigint,
       generation integer, generations integer, published boolean, state text, "appliedTotal" bigint, "lastAppliedAtMs" float8,
       "sourceTimeMs" float8, "errorCode" text, error text, path text, indexes json)
  JOIN entity e ON e.id = r."entityId"
  JOIN node n ON n.id = $1
   FOR KEY SHARE OF e, n
ON CONFLICT (node_id, entity_id) DO UPDATE
   SET offset_id = EXCLUDED.offset_id, documents = EXCLUDED.documents, file_bytes = EXCLUDED.file_bytes,
       generation = EXCLUDED.generation, generations = EXCLUDED.generations, published = EXCLUDED.published, state = EXCLUDED.state,
       applied_total = EXCLUDED.applied_total, last_applied_at = EXCLUDED.last_applied_at,
       source_time_ms = EXCLUDED.source_time_ms, error_code = EXCLUDED.error_code, error = EXCLUDED.error,
       path = EXCLUDED.path, indexes = EXCLUDED.indexes, reported_at = now(),
       moved_at = CASE WHEN node_offset.offset_id IS DISTINCT FROM EXCLUDED.offset_id THEN now() ELSE node_offset.moved_at END`;

/**
 * Reports all caches of a node in one statement. Deleted entities are ignored, and so is the report of a node that is not
 * registered: it was forgotten, or the database was restored; its next heartbeat registers it again.
 */
export async function reportOffsets(
  database: Database,
  node: { nodeId: string; reports: readonly OffsetReport[] },
): Promise<void> {
  if (node.reports.length === 0) return;
  try {
    await database.pool.query(promptly({ text: reportSql, values: [node.nodeId, JSON.stringify(node.reports)] }));
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/** The newest report of every cache on every node. Throws EMC-3001. */
export async function listOffsets(database: Database): Promise<readonly OffsetRecord[]> {
  const answer = await database.pool
    .query<OffsetRecord>(
      `SELECT o.node_id AS "nodeId", entity_id AS "entityId", offset_id AS "offset", documents, file_bytes AS "fileBytes",
            generation, generations, published, state, applied_total AS "appliedTotal",
            (extract(epoch FROM last_applied_at) * 1000)::float8 AS "lastAppliedAtMs", source_time_ms AS "sourceTimeMs",
            error_code AS "errorCode", error, path, indexes, reported_at AS "reportedAt",
            (extract(epoch FROM now() - GREATEST(reported_at, n.heartbeat_at)) * 1000)::float8 AS "reportedAgeMs"
       FROM node_offset o JOIN node n ON n.id = o.node_id ORDER BY o.node_id, entity_id`,
    )
    .catch((error: unknown) => {
      throw toDatabaseError(error);
    });
  return answer.rows;
}
