/**
 * DocID: a document's `_id` as a unique string, computed from its raw bytes; the scan and the stream produce the same one.
 *
 * An ObjectId becomes its hex and a plain ASCII string is unchanged. Every other value, and every string that could be
 * mistaken for one, is prefixed with a tag: one letter and a colon. Two values have the same DocID if and only if MongoDB's
 * `_id` index treats them as equal (1, 1L, 1.0 and Decimal128 1; also inside compound ids). A DocID is printable ASCII,
 * because PostgreSQL rejects NUL and drivers decode different ill-formed strings to the same text. An id longer than 512
 * characters is replaced by its SHA-256: PostgreSQL limits an index row to 2.7 kB.
 *
 * Tags: `s:` string, `n:` number, `d:` date (ms), `b:` bool, `u:` UUID, `x:` other binary (subtype, base64url), `t:`
 * timestamp, `o:` document, `a:` array, `z:` null and undefined, `k:` MinKey and MaxKey, `y:` any other type, `h:` hashed,
 * `r:` SHA-256 of the raw bytes, for an `_id` that has no other form because its bytes are not valid BSON.
 */
import { hash } from 'node:crypto';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { decimalAt } from '@emcachers/bson/decimal128';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { readInt32 } from '@emcachers/bson/read-bytes';
import { checkedDocument, valueEnd } from '@emcachers/bson/value-end';
import { DocumentError } from './document-error.ts';
import { nestingMax } from './nesting-max.ts';
import { decimalValueText, doubleValueText } from './numeric-text.ts';
import { binaryAt, binaryText, boundaryText, int64At, isUuid, objectIdText, timestampText } from './value-text.ts';

export const docIdCharsMax = 512;

const idName = Buffer.from('_id');

/**
 * DocID of a document, or of a change event's documentKey: taken from its first top-level `_id`. Never throws, so that one
 * document cannot stop a stream: an `_id` with an invalid value gives `r:` and the hash of its type and bytes, which is the
 * same for the scan and the stream. A document in which no `_id` can be found gives `r:` and the hash of all its bytes.
 */
export function docIdOfDocument(raw: Uint8Array): string {
  const id = findId(raw);
  // 0 is not a BSON type, so this hash differs from that of any `_id`.
  if (id === null) return rawDocId(0, raw);
  try {
    return docIdAt(id.bytes, id.type, id.start);
  } catch {
    return rawDocId(id.type, id.valueBytes);
  }
}

/** The walk at the first `_id`; null if there is none or the bytes before it are not valid. */
function findId(raw: Uint8Array): ElementWalk | null {
  try {
    const walk = new ElementWalk(checkedDocument(raw));
    while (walk.next()) if (walk.nameIs(idName)) return walk;
  } catch {
    // Not BSON: no `_id` can be read from it.
  }
  return null;
}

function rawDocId(type: number, bytes: Uint8Array): string {
  return `r:${hash('sha256', Buffer.concat([Uint8Array.of(type), bytes]))}`;
}

function docIdAt(bytes: Buffer, type: number, start: number): string {
  if (type === bsonTypes.objectId) return objectIdText(bytes, start);
  if (type === bsonTypes.string || type === bsonTypes.symbol) {
    const text = bytes.toString('latin1', start + 4, start + 3 + readInt32(bytes, start));
    if (isPlain(text)) return text;
  }
  const tagged = taggedText(bytes, { type, start, depth: 0 });
  return tagged.length <= docIdCharsMax ? tagged : `h:${hash('sha256', tagged)}`;
}

/** Printable ASCII that does not look like the hex of an ObjectId and does not start with a tag. */
function isPlain(text: string): boolean {
  return (
    text.length <= docIdCharsMax && /^[!-~](?:[ -~]*[!-~])?$/.test(text) && !/^(?:[a-z]:|[0-9a-f]{24}$)/.test(text)
  );
}

interface ValueAt {
  readonly type: number;
  readonly start: number;
  readonly depth: number;
}

function taggedText(bytes: Buffer, value: ValueAt): string {
  const { type, start } = value;
  switch (type) {
    case bsonTypes.objectId:
      return `i:${objectIdText(bytes, start)}`;
    // MongoDB compares symbols and strings as one type.
    case bsonTypes.string:
    case bsonTypes.symbol:
      return `s:${escapedText(bytes, start + 4, start + 3 + readInt32(bytes, start))}`;
    case bsonTypes.int32:
      return `n:${readInt32(bytes, start)}`;
    case bsonTypes.int64:
      return `n:${decimalValueText(wholeNumber(int64At(bytes, start)))}`;
    case bsonTypes.double:
      return `n:${doubleValueText(bytes.readDoubleLE(start))}`;
    case bsonTypes.decimal128:
      return `n:${decimalValueText(decimalAt(bytes, start))}`;
    case bsonTypes.date:
      return `d:${int64At(bytes, start)}`;
    case bsonTypes.boolean:
      return bytes[start] === 1 ? 'b:true' : 'b:false';
    case bsonTypes.binary:
      return binaryIdText(bytes, start);
    case bsonTypes.timestamp:
      return `t:${timestampText(bytes, start)}`;
    case bsonTypes.null:
      return 'z:null';
    case bsonTypes.undefined:
      return 'z:undefined';
    case bsonTypes.minKey:
    case bsonTypes.maxKey:
      return `k:${boundaryText(type)}`;
    case bsonTypes.object:
      return `o:{${elementTexts(bytes, value).join(',')}}`;
    case bsonTypes.array:
      return `a:[${elementTexts(bytes, value).join(',')}]`;
    default:
      return `y:${type}:${bytes.toString('base64url', start, valueEnd(bytes, type, start))}`;
  }
}

function wholeNumber(value: bigint) {
  return { kind: 'finite', negative: value < 0n, coefficient: value < 0n ? -value : value, exponent: 0 } as const;
}

function binaryIdText(bytes: Buffer, start: number): string {
  const binary = binaryAt(bytes, start);
  if (isUuid(binary)) return `u:${binaryText(bytes, binary)}`;
  return `x:${binary.subtype}:${bytes.toString('base64url', binary.start, binary.end)}`;
}

function elementTexts(bytes: Buffer, { type, start, depth }: ValueAt): string[] {
  if (depth >= nestingMax) throw new DocumentError(`The _id nests deeper than ${nestingMax} levels.`);
  const walk = new ElementWalk(bytes, start);
  const texts: string[] = [];
  while (walk.next()) {
    const value = taggedText(bytes, { type: walk.type, start: walk.start, depth: depth + 1 });
    texts.push(type === bsonTypes.array ? value : `${escapedText(bytes, walk.nameStart, walk.nameEnd)}=${value}`);
  }
  return texts;
}

/** Percent-encodes every byte outside the allowed set, so that ill-formed strings stay distinct and no value can imitate the delimiters. */
function escapedText(bytes: Buffer, start: number, end: number): string {
  return bytes
    .toString('latin1', start, end)
    .replace(
      /[^\w.~!*()@#$^&:;?/<> |+-]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
}
