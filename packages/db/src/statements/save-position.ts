import { EmcachersError } from '@emcachers/core/emcachers-error';
import type pg from 'pg';
import { streamOfEpoch } from './stream-of-epoch.ts';

/** A position in the change stream. If `token` is null, only the cluster time is known. */
export interface PositionRow {
  readonly token: Uint8Array | null;
  readonly tokenData: string | null;
  readonly clusterTime: bigint;
  /** Hash of the pipeline that the token came from; null if there is no token. */
  readonly pipelineHash: string | null;
  readonly version: number;
  /** Every change up to and including this time is in the oplog or in staging. If absent or null, the saved one is kept. */
  readonly passedTime?: bigint | null;
  /** Id of the replica set or sharded cluster. If absent or null, the saved one is kept. */
  readonly sourceId?: string | null;
  /** Raw token of the newest change that the oplog has. If absent or null, the saved one is kept. */
  readonly changeToken?: Uint8Array | null;
}

/**
 * Saves the position of the epoch's stream in the transaction of the entries it covers (I2). It only moves forward, by cluster time and by
 * the token's bytes (COLLATE "C"). A token is never replaced by a time without a token. A position of a stream that has since
 * been restarted has an older version and is refused. Throws EMC-2006; the transaction and its entries are rolled back.
 */
export async function savePosition(client: pg.PoolClient, epoch: number, position: PositionRow): Promise<void> {
  const answer = await client.query({
    name: 'save-position',
    text: `UPDATE mongo_resume_token
              SET token = $1, token_data = $2, cluster_time = $3, pipeline_hash = $5, saved_at = now(),
                  source_id = COALESCE($6, source_id), change_token = COALESCE($7, change_token), passed_time = GREATEST(passed_time, $8)
            WHERE stream_id = ${streamOfEpoch('$9')} AND version = $4
              AND (cluster_time IS NULL OR cluster_time <= $3)
              AND (token_data IS NULL OR token_data <= $2)`,
    values: [
      position.token,
      position.tokenData,
      position.clusterTime.toString(),
      position.version,
      position.pipelineHash,
      position.sourceId ?? null,
      position.changeToken ?? null,
      position.passedTime?.toString() ?? null,
      epoch,
    ],
  });
  if (answer.rowCount === 1) return;
  throw new EmcachersError({
    code: 'EMC-2006',
    detail: `Cluster time ${position.clusterTime}, token ${position.tokenData ?? 'none'}, version ${position.version}.`,
  });
}
