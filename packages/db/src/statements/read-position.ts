import type pg from 'pg';
import type { PositionRow } from './save-position.ts';
import { streamOfEpoch } from './stream-of-epoch.ts';

/** The saved position. `savedAtMs` is in milliseconds since 1970. */
export interface SavedPositionRow {
  readonly version: number;
  readonly status: 'scanning' | 'live';
  readonly position: PositionRow | null;
  readonly savedAtMs: number | null;
}

/** The position of the epoch's stream; `position` is null before the first one and after it was lost. */
export async function readPosition(client: pg.Pool | pg.PoolClient, epoch: number): Promise<SavedPositionRow> {
  const answer = await client.query<{
    token: Buffer | null;
    token_data: string | null;
    cluster_time: string | null;
    pipeline_hash: string | null;
    source_id: string | null;
    change_token: Buffer | null;
    version: number;
    status: 'scanning' | 'live';
    saved_at: Date | null;
  }>(
    `SELECT token, token_data, cluster_time, pipeline_hash, version, status, saved_at, source_id, change_token
       FROM mongo_resume_token WHERE stream_id = ${streamOfEpoch('$1')}`,
    [epoch],
  );
  const row = answer.rows[0];
  if (row === undefined) throw new Error('The row of table mongo_resume_token is missing.');
  const position =
    row.cluster_time === null
      ? null
      : {
          token: row.token,
          tokenData: row.token_data,
          clusterTime: BigInt(row.cluster_time),
          pipelineHash: row.pipeline_hash,
          version: row.version,
          sourceId: row.source_id,
          changeToken: row.change_token,
        };
  return { version: row.version, status: row.status, position, savedAtMs: row.saved_at?.getTime() ?? null };
}

/** Why the history after the saved position is gone. */
export interface PositionLoss {
  readonly errorCode: string;
  readonly reason: string;
}

/** Discards a lost resume token, notes why, and raises the version, so that positions of the old stream are refused. */
export async function clearPosition(
  client: pg.PoolClient,
  epoch: number,
  { errorCode, reason }: PositionLoss,
): Promise<void> {
  await client.query(
    `UPDATE mongo_resume_token
        SET token = NULL, token_data = NULL, cluster_time = NULL, pipeline_hash = NULL, source_id = NULL,
            change_token = NULL, passed_time = NULL, version = version + 1, status = 'scanning', saved_at = now(),
            lost_at = now(), lost_code = $2, lost_reason = $3, mended_at = NULL
      WHERE stream_id = ${streamOfEpoch('$1')}`,
    [epoch, errorCode, reason],
  );
}
