/**
 * Finds the end of a value. Every length is checked against the available bytes before it is used.
 * Layout of each type: https://bsonspec.org/spec.html
 */
import { bsonTypes } from './bson-types.ts';
import { MalformedBsonError } from './malformed-bson-error.ts';
import { asBuffer, readInt32 } from './read-bytes.ts';

/** Size of a value in bytes, by type; -1 if the size varies. Boolean is -1 too, because its byte is checked. */
const fixedSizes = new Int8Array(256).fill(-1);
for (const [type, size] of [
  [bsonTypes.double, 8],
  [bsonTypes.undefined, 0],
  [bsonTypes.objectId, 12],
  [bsonTypes.date, 8],
  [bsonTypes.null, 0],
  [bsonTypes.int32, 4],
  [bsonTypes.timestamp, 8],
  [bsonTypes.int64, 8],
  [bsonTypes.decimal128, 16],
  [bsonTypes.minKey, 0],
  [bsonTypes.maxKey, 0],
] as const)
  fixedSizes[type] = size;

/**
 * One past the value of this type at `start`. Throws `MalformedBsonError` if the value has a wrong length or form.
 * The end of a value of fixed size may exceed the bytes: the caller compares it with the end of the containing document.
 */
export function valueEnd(bytes: Uint8Array, type: number, start: number): number {
  const fixed = fixedSizes[type] ?? -1;
  if (fixed >= 0) return start + fixed;
  switch (type) {
    case bsonTypes.string:
    case bsonTypes.code:
    case bsonTypes.symbol:
      return textEnd(bytes, start);
    case bsonTypes.object:
    case bsonTypes.array:
      return documentEnd(bytes, start);
    case bsonTypes.boolean:
      return booleanEnd(bytes, start);
    case bsonTypes.binary:
      return binaryEnd(bytes, start);
    case bsonTypes.regex:
      return cstringEnd(bytes, cstringEnd(bytes, start) + 1) + 1;
    case bsonTypes.dbPointer:
      return textEnd(bytes, start) + 12;
    case bsonTypes.codeWithScope:
      return codeWithScopeEnd(bytes, start);
    default:
      throw new MalformedBsonError(`Byte ${start} belongs to a value of the unknown BSON type ${type}.`);
  }
}

/** One past the closing NUL of the document that starts at `start`. Checks its length and its end, not its elements. */
export function documentEnd(bytes: Uint8Array, start: number): number {
  const end = start + lengthAt(bytes, start);
  if (end < start + 5 || end > bytes.length || bytes[end - 1] !== 0)
    throw new MalformedBsonError(`The document at byte ${start} has a wrong length or no end.`);
  return end;
}

/** Position of the NUL that ends the name (or other cstring) at `start`. */
export function cstringEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] !== 0) {
    if (at >= bytes.length) throw endsInsideValue(bytes);
    at += 1;
  }
  return at;
}

/** The bytes as a Buffer, or a `MalformedBsonError` if they are not exactly one document. */
export function checkedDocument(raw: Uint8Array): Buffer {
  if (documentEnd(raw, 0) !== raw.length) throw new MalformedBsonError('Bytes follow the end of the document.');
  return asBuffer(raw);
}

/** One past the text at `start`, whose length includes its closing NUL. */
function textEnd(bytes: Uint8Array, start: number): number {
  const length = lengthAt(bytes, start);
  const end = start + 4 + length;
  if (length < 1 || end > bytes.length || bytes[end - 1] !== 0)
    throw new MalformedBsonError(`The text at byte ${start} has a wrong length or no end.`);
  return end;
}

function booleanEnd(bytes: Uint8Array, start: number): number {
  if ((bytes[start] ?? 0) > 1) throw new MalformedBsonError(`The boolean at byte ${start} is neither 0 nor 1.`);
  return start + 1;
}

function binaryEnd(bytes: Uint8Array, start: number): number {
  const length = lengthAt(bytes, start);
  if (length < 0) throw new MalformedBsonError(`The binary value at byte ${start} has a negative length.`);
  return start + 5 + length;
}

function codeWithScopeEnd(bytes: Uint8Array, start: number): number {
  const end = start + lengthAt(bytes, start);
  const scopeStart = textEnd(bytes, start + 4);
  if (documentEnd(bytes, scopeStart) !== end)
    throw new MalformedBsonError(`The code with scope at byte ${start} has a wrong length.`);
  return end;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw endsInsideValue(bytes);
  return readInt32(bytes, at);
}

function endsInsideValue(bytes: Uint8Array): MalformedBsonError {
  return new MalformedBsonError(`The document ends at byte ${bytes.length}, inside a value.`);
}
