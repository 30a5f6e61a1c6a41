import type { CaptureReport } from '@emcachers/core/capture-report';
import { thresholds } from '@emcachers/core/status-facts';
import type { StreamRow } from '@emcachers/db/fleet/fleet-rows';

/**
 * Lag on the way from MongoDB to the oplog, in one stream. It must grow while nothing arrives, and be 0 while an idle stream answers: an answer
 * without changes proves that there are none. All ages are by PostgreSQL's clock, except the time of a backlog, which compares it
 * with MongoDB's.
 */
export function captureLagMs(stream: StreamRow, nowMs: number): number | null {
  const silenceMs = replyAgeMs(stream, nowMs) ?? ageOf(stream.position.savedAtMs, nowMs);
  if (silenceMs === null) return null;
  return Math.max(silenceMs > thresholds.answerAgeMsMax ? silenceMs : 0, backlogMs(stream, nowMs));
}

/** Age of MongoDB's newest answer on the change stream; null if the leader has not reported one. */
export function replyAgeMs(stream: StreamRow, nowMs: number): number | null {
  const capture = captureOf(stream);
  if (capture === null || capture.replyAgeMs === null) return null;
  return capture.replyAgeMs + Math.max(0, nowMs - capture.reportedAtMs);
}

/** The report of this leader; one from an earlier leader says nothing about it. */
export function captureOf({ capture, leader }: StreamRow): CaptureReport | null {
  return capture !== null && capture.nodeId === leader.nodeId ? capture : null;
}

/** MongoDB's times have whole seconds. */
const granularityMs = 1_000;

/** While changes wait between the stream and the oplog, the time of the saved position says how old they are. */
function backlogMs(stream: StreamRow, nowMs: number): number {
  const waiting = captureOf(stream)?.bufferedOperations ?? 0;
  const ageMs = ageOf(stream.position.sourceTimeMs, nowMs);
  return waiting === 0 || ageMs === null ? 0 : Math.max(0, ageMs - granularityMs);
}

function ageOf(atMs: number | null, nowMs: number): number | null {
  return atMs === null ? null : Math.max(0, nowMs - atMs);
}
