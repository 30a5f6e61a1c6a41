import { type CaptureReport, captureReportSchema } from '@emcachers/core/capture-report';
import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';

/** Null if nothing was reported yet, or the report has another version's format. */
export function parseCaptureReport(value: unknown): CaptureReport | null {
  const parsed = captureReportSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

// Only the current leader's report is saved, stamped with PostgreSQL's clock; a deposed leader's late report is ignored.
const writeSql = `
INSERT INTO metadata (key, value)
SELECT 'capture:' || l.stream_id, ($1::jsonb || jsonb_build_object(
         'nodeId', l.node_id, 'reportedAtMs', (extract(epoch FROM clock_timestamp()) * 1000)::int8))::json
  FROM leader l WHERE l.node_id = $2 AND l.stream_id = $3
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value`;

/** Saves the leader's report on the change stream of one of its streams. Does nothing if the node does not lead it. */
export async function writeCaptureReport(
  pool: pg.Pool,
  leader: { readonly nodeId: string; readonly streamId: number },
  capture: Omit<CaptureReport, 'nodeId' | 'reportedAtMs'>,
): Promise<void> {
  await pool.query(writeSql, [JSON.stringify(capture), leader.nodeId, leader.streamId]).catch((error: unknown) => {
    throw toDatabaseError(error);
  });
}
