import type pg from 'pg';

/** What decides whether an entity can be promoted. */
export interface PromotionState {
  readonly version: number;
  /** Every change up to the scan's end time is in the oplog or in staging. */
  readonly passed: boolean;
  /** Up to which time every change is; the saved position may be earlier. Null if none is saved. */
  readonly passedTime: bigint | null;
  readonly sweepPrepared: boolean;
  readonly allowLargeSweep: boolean;
  readonly wasLive: boolean;
  readonly errorCode: string | null;
}

/** The state that promotion needs, of an entity that the transaction has locked. */
export async function readPromotionState(client: pg.PoolClient, entityId: number): Promise<PromotionState> {
  const answer = await client.query<Omit<PromotionState, 'passedTime'> & { passedTime: string | null }>({
    name: 'promotion-state',
    text: `SELECT e.version, COALESCE(GREATEST(t.cluster_time, t.passed_time) >= e.scan_end_time, false) AS passed,
                  GREATEST(t.cluster_time, t.passed_time)::text AS "passedTime",
                  e.sweep_prepared AS "sweepPrepared", e.allow_large_sweep AS "allowLargeSweep",
                  e.live_from_id IS NOT NULL AS "wasLive", e.error_code AS "errorCode"
             FROM entity e JOIN mongo_resume_token t ON t.stream_id = e.stream_id WHERE e.id = $1`,
    values: [entityId],
  });
  const row = answer.rows[0];
  if (row === undefined) throw new Error(`Entity ${entityId} does not exist although it is locked.`);
  return { ...row, passedTime: row.passedTime === null ? null : BigInt(row.passedTime) };
}

/**
 * The last step of a scan: from now on live operations go to the oplog, which has every change up to the saved position, unless the sweep was refused. A cache is published once it has reached the
 * entity's newest entry, which this transaction may have written. Dead letters of earlier
 * scans are deleted: this scan has read those documents or did not find them. After a refused sweep (EMC-3004) the entity stays
 * failed but its live operations are applied: everything staged is promoted, and only the documents to be swept remain.
 */
export async function markLive(client: pg.PoolClient, entityId: number): Promise<void> {
  await client.query(
    `DELETE FROM dead_letter d USING entity e
      WHERE e.id = $1 AND d.entity_id = e.id AND d.updated_at < e.scan_started_at`,
    [entityId],
  );
  await client.query(
    `UPDATE entity
        SET lifecycle = CASE WHEN error_code IS NULL THEN 'live' ELSE 'failed' END, lifecycle_since = now(),
            route = 'oplog', allow_large_sweep = false, has_gap = has_gap AND error_code IS NOT NULL,
            live_from_id = COALESCE(live_from_id, (SELECT COALESCE(max(o.id), 0) FROM oplog o WHERE o.entity_id = $1))
      WHERE id = $1`,
    [entityId],
  );
}
