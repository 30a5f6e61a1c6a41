/**
 * Reads BSON in place, without building JavaScript objects: objects reorder integer-like keys, lose `__proto__`, round
 * int64 and throw on regular expressions that only PCRE accepts.
 * Format: https://bsonspec.org/spec.html. Every length is checked against the available bytes before it is used.
 */
import { DocumentError } from './document-error.ts';

export const bsonType = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  bool: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
  minKey: 0xff,
  maxKey: 0x7f,
} as const;

/** MongoDB stores up to 100 levels (https://www.mongodb.com/docs/manual/reference/limits/). The limit protects our stack. */
export const nestingMax = 200;

/** The same bytes as a Buffer, for its fast readers. Does not copy. */
export function bytesOf(raw: Uint8Array): Buffer {
  return Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
}

export function int32At(bytes: Buffer, at: number): number {
  return (
    byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
  );
}

export function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new DocumentError(`The document ends at byte ${bytes.length}, inside a value.`);
  return byte;
}

/** One past the closing NUL of the document that starts at `start`. Checks its length and final NUL, not its elements. */
export function documentEnd(bytes: Buffer, start: number): number {
  const length = int32At(bytes, start);
  const end = start + length;
  if (length < 5 || end > bytes.length || bytes[end - 1] !== 0)
    throw new DocumentError(`The document at byte ${start} has a wrong length or no end.`);
  return end;
}

/** Position of the NUL that ends the cstring at `start`. */
export function cstringEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (byteAt(bytes, at) !== 0) at += 1;
  return at;
}

/** One past the string at `start`; its length field includes the closing NUL. */
function textEnd(bytes: Buffer, start: number): number {
  const length = int32At(bytes, start);
  const end = start + 4 + length;
  if (length < 1 || end > bytes.length || bytes[end - 1] !== 0)
    throw new DocumentError(`The text at byte ${start} has a wrong length or no end.`);
  return end;
}

function binaryEnd(bytes: Buffer, start: number): number {
  const length = int32At(bytes, start);
  if (length < 0) throw new DocumentError(`The binary value at byte ${start} has a negative length.`);
  return start + 5 + length;
}

function codeWithScopeEnd(bytes: Buffer, start: number): number {
  const end = start + int32At(bytes, start);
  const scopeStart = textEnd(bytes, start + 4);
  if (documentEnd(bytes, scopeStart) !== end)
    throw new DocumentError(`The code with scope at byte ${start} has a wrong length.`);
  return end;
}

/** One past the value of this type at `start`. The caller checks that it ends within its container. */
export function valueEnd(bytes: Buffer, type: number, start: number): number {
  switch (type) {
    case bsonType.string:
    case bsonType.code:
    case bsonType.symbol:
      return textEnd(bytes, start);
    case bsonType.int32:
      return start + 4;
    case bsonType.double:
    case bsonType.date:
    case bsonType.int64:
    case bsonType.timestamp:
      return start + 8;
    case bsonType.objectId:
      return start + 12;
    case bsonType.document:
    case bsonType.array:
      return documentEnd(bytes, start);
    case bsonType.bool:
      if (byteAt(bytes, start) > 1) throw new DocumentError(`The boolean at byte ${start} is neither 0 nor 1.`);
      return start + 1;
    case bsonType.null:
    case bsonType.undefined:
    case bsonType.minKey:
    case bsonType.maxKey:
      return start;
    case bsonType.decimal128:
      return start + 16;
    case bsonType.binary:
      return binaryEnd(bytes, start);
    case bsonType.regex:
      return cstringEnd(bytes, cstringEnd(bytes, start) + 1) + 1;
    case bsonType.dbPointer:
      return textEnd(bytes, start) + 12;
    case bsonType.codeWithScope:
      return codeWithScopeEnd(bytes, start);
    default:
      throw new DocumentError(`Byte ${start} belongs to a value of the unknown BSON type ${type}.`);
  }
}

/** Iterates over the elements of one document or array. The fields describe the current element. */
export class ElementWalk {
  type = 0;
  nameStart = 0;
  nameEnd = 0;
  start = 0;
  end: number;
  readonly #bytes: Buffer;
  readonly #last: number;

  constructor(bytes: Buffer, documentStart: number) {
    this.#bytes = bytes;
    this.#last = documentEnd(bytes, documentStart) - 1;
    this.end = documentStart + 4;
  }

  /** False at the end of the document. */
  next(): boolean {
    const at = this.end;
    if (at === this.#last) return false;
    this.type = byteAt(this.#bytes, at);
    this.nameStart = at + 1;
    this.nameEnd = cstringEnd(this.#bytes, at + 1);
    this.start = this.nameEnd + 1;
    this.end = valueEnd(this.#bytes, this.type, this.start);
    if (this.end > this.#last) throw new DocumentError(`The value at byte ${this.start} reaches beyond its document.`);
    return true;
  }
}

/** Throws `DocumentError` unless the bytes are exactly one document. */
export function checkedDocument(raw: Uint8Array): Buffer {
  const bytes = bytesOf(raw);
  if (documentEnd(bytes, 0) !== bytes.length) throw new DocumentError('Bytes follow the end of the document.');
  return bytes;
}
