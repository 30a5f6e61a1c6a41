import { bsonTypes } from '@emcachers/bson/bson-types';
import { readInt32 } from '@emcachers/bson/read-bytes';
import { MongoFailure } from '../error/mongo-failure.ts';

/** Nesting that MongoDB accepts in a stored document. Source: the manual's page "MongoDB Limits and Thresholds". */
export const nestingDepthMax = 180;

/**
 * Checks that the bytes are exactly one well-formed BSON document: every length within its parent, every string and
 * document terminated, known types only. Unusual and repeated names and invalid UTF-8 are accepted, as in mongod.
 * Throws InvalidBSON 22. After this, walking the document needs no bounds checks.
 */
export function validateDocument(bytes: Uint8Array, start = 0, end = bytes.length): void {
  if (end - start < 5) throw malformed(`BSON data has to be at least 5 bytes, got ${end - start}`);
  const length = readInt32(bytes, start);
  if (length !== end - start) throw malformed(`incorrect BSON length ${length} in element of ${end - start} bytes`);
  checkDocument({ bytes, depth: 0 }, start, end);
}

interface Check {
  readonly bytes: Uint8Array;
  readonly depth: number;
}

function malformed(reason: string): MongoFailure {
  return new MongoFailure('InvalidBSON', reason);
}

function checkDocument(check: Check, start: number, limit: number): number {
  const { bytes, depth } = check;
  if (depth > nestingDepthMax + 20)
    throw new MongoFailure('Overflow', `BSONObj exceeded maximum nested object depth: ${nestingDepthMax}`);
  if (limit - start < 5) throw malformed('document too short');
  const length = readInt32(bytes, start);
  if (length < 5 || length > limit - start) throw malformed(`invalid document length ${length}`);
  const last = start + length - 1;
  if (bytes[last] !== 0) throw malformed('document is not closed by a zero byte');
  let at = start + 4;
  while (at < last) {
    const type = bytes[at] as number;
    const nameEnd = bytes.indexOf(0, at + 1);
    if (nameEnd < 0 || nameEnd >= last) throw malformed('field name is not closed');
    at = checkValue(check, type, { at: nameEnd + 1, last });
  }
  if (at !== last) throw malformed('element reaches beyond its document');
  return start + length;
}

function checkValue(check: Check, type: number, place: { readonly at: number; readonly last: number }): number {
  const { bytes } = check;
  const { at, last } = place;
  const within = (size: number): number => {
    if (size < 0 || size > last - at) throw malformed(`value of type ${type} reaches beyond its document`);
    return at + size;
  };
  const int32At = (offset: number): number => {
    within(offset - at + 4);
    return readInt32(bytes, offset);
  };
  switch (type) {
    case bsonTypes.boolean:
      within(1);
      if ((bytes[at] as number) > 1) throw malformed('boolean is neither 0 nor 1');
      return at + 1;
    case bsonTypes.undefined:
    case bsonTypes.null:
    case bsonTypes.minKey:
    case bsonTypes.maxKey:
      return at;
    case bsonTypes.int32:
      return within(4);
    case bsonTypes.double:
    case bsonTypes.date:
    case bsonTypes.timestamp:
    case bsonTypes.int64:
      return within(8);
    case bsonTypes.objectId:
      return within(12);
    case bsonTypes.decimal128:
      return within(16);
    case bsonTypes.string:
    case bsonTypes.code:
    case bsonTypes.symbol:
      return checkString(bytes, at, last);
    case bsonTypes.dbPointer:
      return checkFixed(checkString(bytes, at, last), 12, last);
    case bsonTypes.object:
    case bsonTypes.array:
      return checkDocument({ bytes, depth: check.depth + 1 }, at, last);
    case bsonTypes.binary:
      return checkBinary(bytes, within(5 + Math.max(-6, int32At(at))), at);
    case bsonTypes.regex:
      return checkTwoNames(bytes, at, last);
    case bsonTypes.codeWithScope: {
      const end = within(int32At(at));
      const scope = checkString(bytes, at + 4, end);
      if (checkDocument({ bytes, depth: check.depth + 1 }, scope, end) !== end)
        throw malformed('code with scope has a wrong length');
      return end;
    }
    default:
      throw malformed(`Unrecognized BSON type ${type}`);
  }
}

function checkFixed(at: number, size: number, last: number): number {
  if (size > last - at) throw malformed('value reaches beyond its document');
  return at + size;
}

function checkString(bytes: Uint8Array, at: number, last: number): number {
  const content = checkFixed(at, 4, last);
  const length = readInt32(bytes, at);
  if (length < 1) throw malformed(`invalid string length ${length}`);
  const end = checkFixed(content, length, last);
  if (bytes[end - 1] !== 0) throw malformed('string is not closed by a zero byte');
  return end;
}

/** The deprecated subtype 2 repeats its length inside. */
function checkBinary(bytes: Uint8Array, end: number, at: number): number {
  if (readInt32(bytes, at) < 0) throw malformed('binary has a negative length');
  if (bytes[at + 4] === 2 && (end - at < 9 || readInt32(bytes, at + 5) !== end - at - 9))
    throw malformed('binary of subtype 2 has a wrong length');
  return end;
}

function checkTwoNames(bytes: Uint8Array, at: number, last: number): number {
  const pattern = bytes.indexOf(0, at);
  if (pattern < 0 || pattern >= last) throw malformed('regular expression is not closed');
  const flags = bytes.indexOf(0, pattern + 1);
  if (flags < 0 || flags >= last) throw malformed('regular expression is not closed');
  return flags + 1;
}
