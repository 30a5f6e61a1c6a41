import { bsonTypes } from '@emcachers/bson/bson-types';
import { BsonWriter } from '../bson/bson-writer.ts';
import type { CommandBody } from '../bson/command-body.ts';
import { findElement } from '../bson/raw-element.ts';
import { timestampIn } from '../bson/typed-element.ts';
import type { ClusterTime } from '../history/history-entry.ts';

export interface ReplyTimes {
  readonly clusterTime: ClusterTime;
  readonly operationTime: ClusterTime;
}

/** The elements that end every reply. Only their two times differ, so they are written into this copy and spliced as a whole. */
const elements = emptyElements();
const clusterTimeAt = elements.lastIndexOf('clusterTime\0') + 'clusterTime\0'.length;
const operationTimeAt = elements.length - 8;

/** Appends `$clusterTime`, unsigned, and `operationTime`. */
export function appendReplyTimes(writer: BsonWriter, { clusterTime, operationTime }: ReplyTimes): BsonWriter {
  writeTime(clusterTime, clusterTimeAt);
  writeTime(operationTime, operationTimeAt);
  return writer.splice(elements);
}

function writeTime({ seconds, increment }: ClusterTime, at: number): void {
  elements.writeUInt32LE(increment, at);
  elements.writeUInt32LE(seconds, at + 4);
}

function emptyElements(): Buffer {
  const zero: ClusterTime = { seconds: 0, increment: 0 };
  const writer = new BsonWriter().beginDocument('$clusterTime').timestamp('clusterTime', zero);
  writer.beginDocument('signature').binary('hash', Buffer.alloc(20), 0).int64('keyId', 0).end().end();
  const document = writer.timestamp('operationTime', zero).finish();
  return Buffer.from(document.subarray(4, document.length - 1));
}

/** The newest time that the client knows, from the `$clusterTime` of its command. */
export function clusterTimeOf(body: CommandBody): ClusterTime | undefined {
  const gossip = body.document('$clusterTime');
  if (gossip === undefined) return undefined;
  const time = findElement(gossip, 'clusterTime');
  const isAbsent = time === undefined || time.type === bsonTypes.null || time.type === bsonTypes.undefined;
  return isAbsent ? undefined : timestampIn(time, `${body.name}.$clusterTime.clusterTime`);
}
