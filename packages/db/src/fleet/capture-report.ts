import { type CaptureReport, captureReportSchema } from '@emcachers/core/capture-report';
import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';

/** Null when nothing was reported yet, or by an engine of another version in other words. */
export function parseCaptureReport(value: unknown): CaptureReport | null {
  const parsed = captureReportSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

// Only the node that leads may speak, and PostgreSQL's clock dates it: a deposed leader's late words change nothing.
const writeSql = `
INSERT INTO metadata (key, value)
SELECT 'capture', ($1::jsonb || jsonb_build_object(
         'nodeId', l.node_id, 'reportedAtMs', (extract(epoch FROM clock_timestamp()) * 1000)::int8))::json
  FROM leader l WHERE l.node_id = $2
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value`;

/** What the leader says of its change stream, for every node to show. Nothing is written when `nodeId` does not lead. */
export async function writeCaptureReport(
  pool: pg.Pool,
  nodeId: string,
  capture: Omit<CaptureReport, 'nodeId' | 'reportedAtMs'>,
): Promise<void> {
  await pool.query(writeSql, [JSON.stringify(capture), nodeId]).catch((error: unknown) => {
    throw toDatabaseError(error);
  });
}
