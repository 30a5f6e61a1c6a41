import type pg from 'pg';
import { streamOfEpoch } from './stream-of-epoch.ts';

/** The states of a scan. The calling transaction must have locked the entity for `update` and checked its run. */

/**
 * The scan begins. If live operations go to the oplog, they continue to, and staging only marks their documents
 * (`changed-documents.ts`). Otherwise they are staged from now on.
 */
export async function markScanning(
  client: pg.PoolClient,
  scan: { entityId: number; collectionUuid: string | null; estimated: number | null },
): Promise<void> {
  await client.query(
    `UPDATE entity
        SET lifecycle = 'scanning', lifecycle_since = now(), route = CASE route WHEN 'oplog' THEN 'oplog' ELSE 'staging' END,
            reason = NULL, error_code = NULL, scan_last_key = NULL, scan_has_last_key = false, scan_collection_uuid = $2, scan_scanned = 0,
            scan_estimated = $3, scan_started_at = clock_timestamp(), scan_finished_at = NULL, scan_end_time = NULL,
            scan_counted = NULL, sweep_prepared = false
      WHERE id = $1`,
    [scan.entityId, scan.collectionUuid, scan.estimated],
  );
}

/** Records which collection the entity copies; null: there is none. */
export async function markCollection(
  client: pg.PoolClient,
  scan: { entityId: number; collectionUuid: string | null },
): Promise<void> {
  await client.query('UPDATE entity SET scan_collection_uuid = $2 WHERE id = $1', [scan.entityId, scan.collectionUuid]);
}

/** Saves the page's last key in the transaction of its rows, so that a scan resumed after a crash neither repeats nor misses a document. */
export async function recordScanPage(
  client: pg.PoolClient,
  page: { entityId: number; lastKey: Uint8Array | null; scanned: number },
): Promise<void> {
  await client.query({
    name: 'record-scan-page',
    text: `UPDATE entity
              SET scan_last_key = COALESCE($2, scan_last_key), scan_has_last_key = scan_has_last_key OR $2 IS NOT NULL,
                  scan_scanned = scan_scanned + $3
            WHERE id = $1`,
    values: [page.entityId, page.lastKey, page.scanned],
  });
}

/** All pages are read; promotion waits until the saved position has passed `endTime`. `counted`: documents at the source. */
export async function markScanFinished(
  client: pg.PoolClient,
  scan: { entityId: number; endTime: bigint; counted?: number | null },
): Promise<void> {
  await client.query(
    `UPDATE entity
        SET lifecycle = 'catching-up', lifecycle_since = now(), scan_finished_at = clock_timestamp(), scan_end_time = $2,
            scan_counted = $3
      WHERE id = $1`,
    [scan.entityId, scan.endTime.toString(), scan.counted ?? null],
  );
}

/** Stops ingest of the entity until it is refreshed, so its changes are missing from now on; staged rows belong to a scan that will not complete. */
export async function markScanFailed(
  client: pg.PoolClient,
  scan: { entityId: number; errorCode: string; reason: string },
): Promise<void> {
  await client.query(
    `UPDATE entity
        SET lifecycle = 'failed', lifecycle_since = now(), route = 'none', has_gap = true, error_code = $2, reason = $3
      WHERE id = $1`,
    [scan.entityId, scan.errorCode, scan.reason],
  );
}

/** Entities to scan again, and why. */
export interface Restart {
  readonly entityIds: readonly number[];
  readonly reason: string | null;
  /** True if an operator allowed it, or the stream proved that the documents were deleted. False keeps the earlier value. */
  readonly allowLargeSweep: boolean;
  /** True if changes of the entity are missing in the oplog until the scan is complete. False keeps the earlier value. */
  readonly hasGap: boolean;
}

/**
 * Starts a new scan under a new version and run; rows of the old run are refused or ignored from now on. If the entity's live
 * operations go to the oplog, they continue to, so that caches stay fresh. If they were staged, they are
 * discarded: the oplog has scanned rows that are newer than what the stream delivers now, and the new scan will read
 * everything the stream has passed by then.
 */
export async function restartScans(client: pg.ClientBase | pg.Pool, restart: Restart): Promise<readonly number[]> {
  const answer = await client.query<{ id: number }>(
    `UPDATE entity
        SET version = version + 1, run_id = gen_random_uuid(), lifecycle = 'pending', lifecycle_since = now(),
            route = CASE route WHEN 'staging' THEN 'none' ELSE route END, reason = $2, error_code = NULL,
            allow_large_sweep = allow_large_sweep OR $3, has_gap = has_gap OR $4, sweep_prepared = false, scan_last_key = NULL,
            scan_has_last_key = false, scan_scanned = 0, scan_estimated = NULL, scan_started_at = NULL,
            scan_finished_at = NULL, scan_end_time = NULL, refresh_job = NULL, before_refresh = NULL
      WHERE id = ANY ($1::integer[]) AND lifecycle <> 'deleting'
      RETURNING id`,
    [restart.entityIds, restart.reason, restart.allowLargeSweep, restart.hasGap],
  );
  return answer.rows.map((row) => row.id);
}

/** Notes which job asked for the scan that `restartScans` has just started, and what the entity was before. */
export async function noteRefresh(
  client: pg.PoolClient,
  refresh: { readonly entityId: number; readonly jobId: string; readonly before: unknown },
): Promise<void> {
  await client.query('UPDATE entity SET refresh_job = $2, before_refresh = $3 WHERE id = $1', [
    refresh.entityId,
    refresh.jobId,
    JSON.stringify(refresh.before),
  ]);
}

/**
 * What the entity goes back to if its refresh is cancelled: as it is now, or, while another refresh runs, as it was before that.
 * Null if it has never been live and healthy or failed: it then has to be scanned in any case. Locks the entity.
 */
export async function beforeRefresh(client: pg.PoolClient, entityId: number): Promise<unknown> {
  const answer = await client.query<{ before: unknown }>(
    `SELECT CASE WHEN lifecycle IN ('live', 'failed')
                 THEN json_build_object('lifecycle', lifecycle, 'reason', reason, 'errorCode', error_code)
                 ELSE before_refresh END AS before
       FROM entity WHERE id = $1 FOR UPDATE`,
    [entityId],
  );
  return answer.rows[0]?.before ?? null;
}

/**
 * Ends the scan that a job asked for. Rows that it has read stay, because they are what the source has; nothing is swept. The new
 * run refuses what the scan still writes. Null if the scan goes on: it does not belong to the job, it has read everything and is
 * being promoted, or the entity has nothing to go back to.
 */
export async function cancelRefresh(client: pg.PoolClient, jobId: string): Promise<number | null> {
  const answer = await client.query<{ id: number; streamId: number }>(
    `UPDATE entity
        SET run_id = gen_random_uuid(), lifecycle = before_refresh ->> 'lifecycle', lifecycle_since = now(),
            reason = before_refresh ->> 'reason', error_code = before_refresh ->> 'errorCode',
            route = CASE route WHEN 'staging' THEN 'none' ELSE route END, allow_large_sweep = false, scan_last_key = NULL,
            scan_has_last_key = false, scan_end_time = NULL, refresh_job = NULL, before_refresh = NULL
      WHERE refresh_job = $1 AND before_refresh IS NOT NULL AND NOT sweep_prepared
        AND lifecycle IN ('pending', 'scanning', 'catching-up')
      RETURNING id, stream_id AS "streamId"`,
    [jobId],
  );
  const [cancelled] = answer.rows;
  if (cancelled === undefined) return null;
  await client.query(streamStatusSql('$1'), [cancelled.streamId]);
  return cancelled.id;
}

/**
 * Records next to the resume token of the epoch's stream whether any of its entities still has to be scanned, for operators; if none
 * has, a loss of the position is mended.
 */
export async function recordStreamStatus(client: pg.PoolClient, epoch: number): Promise<void> {
  await client.query(streamStatusSql(streamOfEpoch('$1')), [epoch]);
}

function streamStatusSql(streamId: string): string {
  return `UPDATE mongo_resume_token t
             SET status = CASE WHEN s.scans THEN 'scanning' ELSE 'live' END,
                 mended_at = CASE WHEN s.scans OR t.lost_at IS NULL THEN t.mended_at ELSE COALESCE(t.mended_at, clock_timestamp()) END
            FROM (SELECT EXISTS (SELECT 1 FROM entity e WHERE e.stream_id = ${streamId}
                                    AND e.lifecycle IN ('pending', 'scanning', 'catching-up')) AS scans) s
           WHERE t.stream_id = ${streamId}`;
}
