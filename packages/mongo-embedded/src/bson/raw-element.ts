import { Buffer } from 'node:buffer';
import { MongoFailure } from '../error/mongo-failure.ts';

/** One element of a raw document: `bytes` is the value alone, a view onto the document that must not be changed. */
export interface RawElement {
  readonly type: number;
  readonly bytes: Buffer;
}

const fixedBytes: Readonly<Record<number, number>> = {
  1: 8,
  6: 0,
  7: 12,
  8: 1,
  9: 8,
  10: 0,
  16: 4,
  17: 8,
  18: 8,
  19: 16,
  127: 0,
  255: 0,
};

/** A view of the same bytes as a Node Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalid(reason: string): MongoFailure {
  return new MongoFailure('InvalidBSON', `Invalid BSON: ${reason}`);
}

function lengthPrefixed(bytes: Buffer, offset: number, type: number): number {
  if (offset + 4 > bytes.length) throw invalid('truncated length');
  const length = bytes.readInt32LE(offset);
  if (length < 0) throw invalid('negative length');
  switch (type) {
    case 0x02:
    case 0x0d:
    case 0x0e:
      return 4 + length;
    case 0x05:
      return 5 + length;
    case 0x0c:
      return 4 + length + 12;
    default:
      return length;
  }
}

function regexBytes(bytes: Buffer, offset: number): number {
  const pattern = bytes.indexOf(0, offset);
  const options = pattern < 0 ? -1 : bytes.indexOf(0, pattern + 1);
  if (options < 0) throw invalid('unterminated regular expression');
  return options + 1 - offset;
}

/** How many bytes the value of an element takes that starts at `offset`. */
export function valueBytes(bytes: Buffer, offset: number, type: number): number {
  const fixed = fixedBytes[type];
  if (fixed !== undefined) return fixed;
  switch (type) {
    case 0x0b:
      return regexBytes(bytes, offset);
    case 0x02:
    case 0x03:
    case 0x04:
    case 0x05:
    case 0x0c:
    case 0x0d:
    case 0x0e:
    case 0x0f:
      return lengthPrefixed(bytes, offset, type);
    default:
      throw invalid(`unknown element type ${type}`);
  }
}

/**
 * Walks the top level of a raw document in order. The visitor may answer `false` to stop.
 * Throws InvalidBSON 22 where the bytes do not hold together; nested documents are not looked into.
 */
export function forEachElement(
  document: Uint8Array,
  visit: (name: string, element: RawElement) => boolean | undefined,
): void {
  const bytes = asBuffer(document);
  if (bytes.length < 5 || bytes.readInt32LE(0) !== bytes.length || bytes[bytes.length - 1] !== 0) {
    throw invalid('length does not match');
  }
  const end = bytes.length - 1;
  let offset = 4;
  while (offset < end) {
    const type = bytes[offset] ?? 0;
    const nameEnd = bytes.indexOf(0, offset + 1);
    if (nameEnd < 0 || nameEnd >= end) throw invalid('unterminated name');
    const start = nameEnd + 1;
    const next = start + valueBytes(bytes, start, type);
    if (next > end) throw invalid('value past the end');
    if (visit(bytes.toString('utf8', offset + 1, nameEnd), { type, bytes: bytes.subarray(start, next) }) === false)
      return;
    offset = next;
  }
}

/** The first element of that name, or undefined. */
export function findElement(document: Uint8Array, name: string): RawElement | undefined {
  let found: RawElement | undefined;
  forEachElement(document, (candidate, element) => {
    if (candidate !== name) return undefined;
    found = element;
    return false;
  });
  return found;
}
