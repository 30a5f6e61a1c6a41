import type pg from 'pg';

/** The completed scan whose missing documents are to be deleted. */
export interface SweepScope {
  readonly entityId: number;
  readonly runId: string;
  readonly version: number;
}

/** How far the planning of a sweep is. */
export interface SweepPlanning {
  readonly chunks: number;
  readonly planned: number;
}

/** What a planned sweep would do, and what is known about the scan that it relies on. */
export interface SweepEvidence {
  /** Documents that the scan did not find. */
  readonly candidates: number;
  /** Documents that caches currently hold. */
  readonly documents: number;
  /** Documents that the scan read. */
  readonly scanned: number;
  /** Documents that the source held after the scan's last page; null if they were not counted. */
  readonly counted: number | null;
  /** Documents that the stream changed while the scan ran; 0 if the scan read at least as many as were counted. */
  readonly changed: number;
  /** Some candidates, to be looked up at the source. Chosen by the run id, so that the choice can be repeated. */
  readonly sample: readonly string[];
}

/** Bytes of a partition per chunk by default. A chunk of a partition of a million rows then takes about a second. */
export const sweepChunkBytesDefault = 64 * 1024 * 1024;
/** Each chunk reads the whole partition, so more chunks cost more in total. */
const chunksMax = 32;

/** Begins to plan the sweep of a run, or continues an earlier attempt. A plan of an older run is replaced. */
export async function beginSweepPlan(
  client: pg.PoolClient,
  scope: SweepScope & { readonly chunkBytes: number },
): Promise<SweepPlanning> {
  await client.query(
    `INSERT INTO sweep_plan (entity_id, run_id, chunks)
     SELECT $1::integer, $2::uuid, LEAST($4::int8, 1 + pg_relation_size('oplog_e' || $1::integer) / $3::int8)
     ON CONFLICT (entity_id) DO UPDATE SET run_id = EXCLUDED.run_id, chunks = EXCLUDED.chunks, planned = 0, documents = 0
      WHERE sweep_plan.run_id <> EXCLUDED.run_id`,
    [scope.entityId, scope.runId, scope.chunkBytes, chunksMax],
  );
  const answer = await client.query<SweepPlanning>('SELECT chunks, planned FROM sweep_plan WHERE entity_id = $1', [
    scope.entityId,
  ]);
  return answer.rows[0] ?? { chunks: 1, planned: 0 };
}

/**
 * Plans one chunk: lists those of its documents that a complete scan did not find (I7), whose newest entry is an Upsert of an
 * older version. A pass over the partition with a hash aggregate; sweeps are rare, and an index on doc_id would slow down every
 * append (docs/decisions/0002-oplog-indexes.md). Excluded are documents with a staged operation, which will settle their state,
 * and documents that this scan could not project, because they exist. The transaction holds a shared lock on the entity, so
 * that live operations go on meanwhile: each marks its document in staging, and promotion takes marked documents off the plan.
 */
export async function planSweepChunk(
  client: pg.PoolClient,
  { entityId, runId, version, chunks, planned }: SweepScope & SweepPlanning,
): Promise<void> {
  await client.query(
    `WITH newest AS (
       SELECT doc_id, max(version) AS version FROM oplog
        WHERE entity_id = $1 AND mod(hashtext(doc_id) & 2147483647, $4) = $5
        GROUP BY doc_id HAVING max(id) = max(id) FILTER (WHERE operation = 'Upsert')
     ), candidate AS (
       INSERT INTO oplog_sweep (entity_id, run_id, doc_id)
       SELECT $1, $2, n.doc_id FROM newest n
        WHERE n.version < $3
          AND NOT EXISTS (SELECT 1 FROM oplog_staging s
                           WHERE s.entity_id = $1 AND s.run_id = $2 AND s.doc_id = n.doc_id)
          AND NOT EXISTS (SELECT 1 FROM dead_letter d JOIN entity e ON e.id = d.entity_id
                           WHERE d.entity_id = $1 AND d.doc_id = n.doc_id AND d.updated_at >= e.scan_started_at)
     )
     UPDATE sweep_plan SET planned = planned + 1, documents = documents + (SELECT count(*) FROM newest)
      WHERE entity_id = $1 AND run_id = $2`,
    [entityId, runId, version, chunks, planned],
  );
  // The planner has no statistics for the rows just written; without ANALYZE a chunk of 3,000 took ten times as long (5 s).
  if (planned + 1 === chunks) await client.query('ANALYZE oplog_sweep');
}

/** What the sweep of a run would do, once every chunk is planned. At most `sampleMax` documents are chosen. */
export async function readSweepEvidence(
  client: pg.PoolClient,
  { entityId, runId, sampleMax }: SweepScope & { readonly sampleMax: number },
): Promise<SweepEvidence> {
  const answer = await client.query<Omit<SweepEvidence, 'sample'>>(
    `SELECT (SELECT count(*) FROM oplog_sweep WHERE entity_id = $1 AND run_id = $2) AS candidates,
            COALESCE((SELECT documents FROM sweep_plan WHERE entity_id = $1 AND run_id = $2), 0) AS documents,
            e.scan_scanned AS scanned, e.scan_counted AS counted,
            CASE WHEN e.scan_counted > e.scan_scanned
                 THEN (SELECT count(DISTINCT doc_id) FROM oplog_staging WHERE entity_id = $1 AND run_id = $2)
                 ELSE 0 END AS changed
       FROM entity e WHERE e.id = $1`,
    [entityId, runId],
  );
  const sample = await client.query<{ docId: string }>(
    `SELECT doc_id AS "docId" FROM oplog_sweep WHERE entity_id = $1 AND run_id = $2
      ORDER BY md5($2::text || doc_id), doc_id LIMIT $3`,
    [entityId, runId, sampleMax],
  );
  const row = answer.rows[0];
  if (row === undefined) throw new Error(`Entity ${entityId} does not exist although it is locked.`);
  return { ...row, sample: sample.rows.map(({ docId }) => docId) };
}

/** Those of the given documents that are still to be swept and have no staged operation, which would settle their state. */
export async function findUnsettled(
  client: pg.PoolClient,
  { entityId, runId, docIds }: Pick<SweepScope, 'entityId' | 'runId'> & { readonly docIds: readonly string[] },
): Promise<readonly string[]> {
  const answer = await client.query<{ docId: string }>(
    `SELECT s.doc_id AS "docId" FROM oplog_sweep s
      WHERE s.entity_id = $1 AND s.run_id = $2 AND s.doc_id = ANY ($3::text[])
        AND NOT EXISTS (SELECT 1 FROM oplog_staging o
                         WHERE o.entity_id = $1 AND o.run_id = $2 AND o.doc_id = s.doc_id)
      ORDER BY s.doc_id`,
    [entityId, runId, docIds],
  );
  return answer.rows.map(({ docId }) => docId);
}

/**
 * Ends the planning. If the sweep is refused, `refusal` is the message for the operator; nothing is swept then, and the next scan
 * removes the plan.
 */
export async function recordSweepPlan(
  client: pg.PoolClient,
  plan: { entityId: number; refusal: string | null },
): Promise<void> {
  await client.query(
    `UPDATE entity SET sweep_prepared = true, error_code = CASE WHEN $2::text IS NULL THEN NULL ELSE 'EMC-3004' END, reason = $2
      WHERE id = $1`,
    [plan.entityId, plan.refusal],
  );
}

/** Appends up to `limit` of the planned deletions as entries. */
export async function sweepChunk(
  client: pg.PoolClient,
  chunk: SweepScope & { epoch: number; limit: number },
): Promise<number> {
  const answer = await client.query({
    name: 'sweep-chunk',
    text: `WITH chunk AS (
             SELECT doc_id FROM oplog_sweep WHERE entity_id = $1 AND run_id = $2 ORDER BY doc_id LIMIT $5
           ), taken AS (
             DELETE FROM oplog_sweep
              WHERE entity_id = $1 AND run_id = $2 AND doc_id <= (SELECT max(doc_id) FROM chunk)
             RETURNING doc_id
           )
           INSERT INTO oplog (entity_id, operation, doc_id, version, epoch)
           SELECT $1, 'Delete', doc_id, $3, $4 FROM taken ORDER BY doc_id`,
    values: [chunk.entityId, chunk.runId, chunk.version, chunk.epoch, chunk.limit],
  });
  return answer.rowCount ?? 0;
}
