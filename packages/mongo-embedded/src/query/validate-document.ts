import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { MalformedBsonError } from '@emcachers/bson/malformed-bson-error';
import { readInt32 } from '@emcachers/bson/read-bytes';
import { checkedDocument } from '@emcachers/bson/value-end';
import { MongoFailure, toMongoFailure } from '../error/mongo-failure.ts';

/** Nesting that MongoDB accepts in a stored document. Source: the manual's page "MongoDB Limits and Thresholds". */
export const nestingDepthMax = 180;

/**
 * Checks that the bytes are exactly one well-formed BSON document: every length within its parent, every string and
 * document terminated, known types only. Unusual and repeated names and invalid UTF-8 are accepted, as in mongod.
 * Throws InvalidBSON 22.
 */
export function validateDocument(bytes: Uint8Array): void {
  try {
    checkElements(checkedDocument(bytes), 0, 0);
  } catch (error) {
    throw error instanceof MalformedBsonError ? toMongoFailure(error) : error;
  }
}

function checkElements(bytes: Buffer, start: number, depth: number): void {
  if (depth > nestingDepthMax + 20)
    throw new MongoFailure('Overflow', `BSONObj exceeded maximum nested object depth: ${nestingDepthMax}`);
  const walk = new ElementWalk(bytes, start);
  while (walk.next()) {
    switch (walk.type) {
      case bsonTypes.object:
      case bsonTypes.array:
        checkElements(bytes, walk.start, depth + 1);
        break;
      case bsonTypes.codeWithScope:
        checkElements(bytes, scopeStart(walk), depth + 1);
        break;
      case bsonTypes.binary:
        checkBinary(walk);
    }
  }
}

/** The scope follows the total length, the code's length and the code. */
function scopeStart({ bytes, start }: ElementWalk): number {
  return start + 8 + readInt32(bytes, start + 4);
}

/** The deprecated subtype 2 repeats its length inside. */
function checkBinary({ bytes, start, end }: ElementWalk): void {
  if (bytes[start + 4] !== 2) return;
  if (end - start < 9 || readInt32(bytes, start + 5) !== end - start - 9)
    throw new MalformedBsonError('binary of subtype 2 has a wrong length');
}
