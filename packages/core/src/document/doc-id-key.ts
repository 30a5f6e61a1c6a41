/** The inverse of `doc-id.ts`, for the DocIDs that have one: a document can then be looked up at the source by its `_id`. */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { docIdOfDocument } from './doc-id.ts';

/**
 * Raw BSON `{ _id }` with the value that this DocID stands for; MongoDB's `_id` index treats it as equal to the document's own.
 * Null if the DocID does not tell the value (a hash), or the value is of a rare type: a document, an array, a binary other
 * than a UUID, a timestamp, a decimal that no double holds.
 */
export function keyOfDocId(docId: string): Uint8Array | null {
  const key = untaggedKey(docId) ?? taggedKey(docId.slice(0, 2), docId.slice(2));
  // A value that has another DocID, for example a number that was rounded, would find another document or none.
  return key !== null && docIdOfDocument(key) === docId ? key : null;
}

function untaggedKey(docId: string): Uint8Array | null {
  if (/^[0-9a-f]{24}$/.test(docId)) return keyDocument(bsonTypes.objectId, Buffer.from(docId, 'hex'));
  return /^[a-z]:/.test(docId) ? null : keyDocument(bsonTypes.string, stringValue(Buffer.from(docId, 'latin1')));
}

function taggedKey(tag: string, text: string): Uint8Array | null {
  switch (tag) {
    case 's:':
      return keyDocument(bsonTypes.string, stringValue(unescaped(text)));
    case 'n:':
      return numberKey(text);
    case 'd:':
      return /^-?\d+$/.test(text) ? keyDocument(bsonTypes.date, int64Value(BigInt(text))) : null;
    case 'b:':
      return keyDocument(bsonTypes.boolean, Buffer.from([text === 'true' ? 1 : 0]));
    case 'u:':
      return keyDocument(bsonTypes.binary, uuidValue(text));
    case 'z:':
      return keyDocument(bsonTypes.null, Buffer.alloc(0));
    default:
      return null;
  }
}

function numberKey(text: string): Uint8Array {
  if (/^-?\d{1,19}$/.test(text)) return keyDocument(bsonTypes.int64, int64Value(BigInt(text)));
  const double = Buffer.alloc(8);
  double.writeDoubleLE(Number(text));
  return keyDocument(bsonTypes.double, double);
}

function keyDocument(type: number, value: Buffer): Buffer {
  const head = Buffer.from([0, 0, 0, 0, type, 0x5f, 0x69, 0x64, 0]);
  const document = Buffer.concat([head, value, Buffer.alloc(1)]);
  document.writeInt32LE(document.length, 0);
  return document;
}

function stringValue(text: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32LE(text.length + 1, 0);
  return Buffer.concat([length, text, Buffer.alloc(1)]);
}

/** The bytes that were percent-encoded. */
function unescaped(text: string): Buffer {
  const plain = text.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}

/** Wrapped to 64 bits; the caller compares DocIDs and so finds a value that did not fit. */
function int64Value(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, value), 0);
  return bytes;
}

function uuidValue(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  const head = Buffer.from([0, 0, 0, 0, 4]);
  head.writeInt32LE(bytes.length, 0);
  return Buffer.concat([head, bytes]);
}
