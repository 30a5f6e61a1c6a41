/**
 * Parses MongoDB's resume token into a position. The token document is kept unchanged. The engine relies on two facts about
 * its `_data`: tokens compare as their hexadecimal text does (https://www.mongodb.com/docs/manual/reference/method/Mongo.watch/),
 * and it starts with the cluster time, as one type byte 0x82 and eight big-endian bytes, as in the server's
 * `src/mongo/db/pipeline/resume_token.cpp` (the first element of the key is the timestamp).
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { stringOf } from '@emcachers/bson/raw-value';
import { MalformedFrameError, readFrame } from './malformed-frame-error.ts';
import type { Position } from './position.ts';

const timestampTag = '82';
const headChars = timestampTag.length + 16;

/** Parses a raw token document. `_data` may be text (4.0 and later) or binary (3.6). Copies the bytes. */
export function tokenPosition(token: Uint8Array): Position {
  const data = readFrame(() => tokenData(token));
  if (!data.startsWith(timestampTag) || data.length < headChars)
    throw new MalformedFrameError(
      `a resume token that does not start with a cluster time: ${data.slice(0, headChars)}`,
    );
  const clusterTime = BigInt(`0x${data.slice(timestampTag.length, headChars)}`);
  return { kind: 'token', token: Uint8Array.from(token), data, clusterTime };
}

function tokenData(token: Uint8Array): string {
  const walk = new ElementWalk(token);
  while (walk.next()) {
    if (walk.name !== '_data') continue;
    if (walk.type === bsonTypes.string) return stringOf(walk).toUpperCase();
    // The bytes follow a length and a subtype.
    if (walk.type === bsonTypes.binary) return walk.bytes.toString('hex', walk.start + 5, walk.end).toUpperCase();
  }
  throw new MalformedFrameError('a resume token without _data');
}

/** Milliseconds since 1970 of a BSON timestamp, whose high 32 bits are seconds. */
export function clusterTimeMs(clusterTime: bigint): number {
  return Number(clusterTime >> 32n) * 1000;
}
