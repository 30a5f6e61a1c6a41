import type { Buffer } from 'node:buffer';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime, History } from '../history/history-entry.ts';
import { compareClusterTime } from '../session/cluster-clock.ts';
import { tokenOf } from './change-event.ts';
import { highWaterMarkBytes, type ResumePoint, tokenText } from './resume-token.ts';
import type { StreamStart } from './stream-spec.ts';

/** Where a stream starts to read. */
export interface StartPosition {
  /** Sequence of the last entry before the start. */
  readonly sequence: number;
  /** Entries before this time are not part of the stream. */
  readonly time: ClusterTime;
  /** The stream's first token. */
  readonly token: Buffer;
}

/**
 * Finds a start in the history. A position that this history does not have is refused: 286 ChangeStreamHistoryLost if
 * it is older than the history, 280 ChangeStreamFatalError if the history never wrote it, so that it belongs to another
 * data directory or to a copy of this one. mongod reports an unknown event only when a later event comes; here the
 * stream fails at once. A `startAtOperationTime` in the future waits, as in mongod.
 */
export function startPositionOf(history: History, start: StreamStart): StartPosition {
  if (start.kind === 'now') return startNow(history);
  const time = start.kind === 'time' ? start.time : start.point.time;
  const oldest = history.oldest();
  if (compareClusterTime(time, oldest.time) < 0) throw historyLost();
  const position = { sequence: history.findByTime(time), time };
  if (start.kind === 'time') return { ...position, token: highWaterMarkBytes(time, null) };
  if (start.kind === 'event') refuseUnknownEvent(history, start.point, position.sequence);
  else refuseForeignMark(history, start.point);
  return { ...position, token: start.point.bytes };
}

function startNow(history: History): StartPosition {
  const now = history.now();
  const time = { seconds: now.seconds, increment: now.increment + 1 };
  return { sequence: history.head().sequence, time, token: highWaterMarkBytes(time, history.runId) };
}

/** The ordinals of one time count from 0 without a gap, so the event has exactly one place in the history. */
function refuseUnknownEvent(history: History, point: ResumePoint, before: number): void {
  const [entry] = history.read(before + point.ordinal, 1);
  const token = entry === undefined ? null : tokenOf(entry, point.isFromInvalidate);
  // The token of a fragment is the event's and the fragment's number.
  if (token?.equals(point.bytes.subarray(0, token.length)) === true) return;
  throw notFound(point);
}

function refuseForeignMark(history: History, point: ResumePoint): void {
  if (point.uuid !== null && !history.hasIssued(point.uuid, point.time)) throw notFound(point);
}

/** The position is older than the history. */
export function historyLost(): MongoFailure {
  return new MongoFailure(
    'ChangeStreamHistoryLost',
    'Resume of change stream was not possible, as the resume point may no longer be in the oplog.',
  );
}

function notFound({ bytes }: ResumePoint): MongoFailure {
  return new MongoFailure(
    'ChangeStreamFatalError',
    `cannot resume stream; the resume token was not found in the history of this server. {_data: "${tokenText(bytes)}"}`,
  );
}
