/**
 * The least size of a value in an encoded row, from its bytes. A row above the limit is refused before its text is made:
 * sixteen million control characters are sixteen megabytes in the document, and hundreds in the memory of the encoder.
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { readInt32 } from '@emcachers/bson/read-bytes';
import type { ValueAt } from './json-writer.ts';
import type { Located } from './located-values.ts';
import { nestingMax } from './nesting-max.ts';

/** How often the row escapes a text: once as a string of the row, twice as a string of JSON that the row holds as a string. */
type Escapes = 1 | 2;

/** The most bytes for one byte of a text: `\\u0001`. */
const bytesPerByteMax = 7;

/** Bytes for each byte of a text, by how often it is escaped. A byte of a multi-byte character counts as itself. */
const sizes: Readonly<Record<Escapes, Uint8Array>> = { 1: sizesOf(1), 2: sizesOf(2) };

function sizesOf(escapes: Escapes): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    if (byte >= 0x80) return 1;
    let text = String.fromCharCode(byte);
    for (let count = 0; count < escapes; count += 1) text = JSON.stringify(text).slice(1, -1);
    return text.length;
  });
}

/** Bytes of the texts and names of a value, each escaped as often as given. What is not text is not counted. */
export function leastEncodedBytes(bytes: Buffer, located: Located, escapes: Escapes): number {
  if (!('values' in located)) return valueBytes(bytes, located, { escapes, depth: 0 });
  return located.values.reduce((sum, value) => sum + leastEncodedBytes(bytes, value, escapes), 0);
}

/** The most that any value of a document can need for its texts. */
export function mostEncodedBytes(documentBytes: number): number {
  return documentBytes * bytesPerByteMax;
}

interface Counting {
  readonly escapes: Escapes;
  readonly depth: number;
}

function valueBytes(bytes: Buffer, { type, start }: ValueAt, counting: Counting): number {
  switch (type) {
    case bsonTypes.string:
    case bsonTypes.code:
    case bsonTypes.symbol:
      return textBytes(bytes, { start: start + 4, end: start + 3 + readInt32(bytes, start) }, counting.escapes);
    case bsonTypes.object:
    case bsonTypes.array:
      return elementBytes(bytes, { type, start }, counting);
    default:
      return 0;
  }
}

/** Too deep a document is refused by the encoder. */
function elementBytes(bytes: Buffer, { type, start }: ValueAt, { escapes, depth }: Counting): number {
  if (depth >= nestingMax) return 0;
  const walk = new ElementWalk(bytes, start);
  let sum = 0;
  while (walk.next()) {
    if (type === bsonTypes.object) sum += textBytes(bytes, { start: walk.nameStart, end: walk.nameEnd }, escapes);
    sum += valueBytes(bytes, walk, { escapes, depth: depth + 1 });
  }
  return sum;
}

function textBytes(
  bytes: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
  escapes: Escapes,
): number {
  const table = sizes[escapes];
  let sum = 0;
  for (let at = start; at < end; at += 1) sum += table[bytes[at] ?? 0] ?? 0;
  return sum;
}
