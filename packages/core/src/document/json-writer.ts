/**
 * Converts BSON to JSON text directly from the bytes. Handles every BSON type. Key order, duplicate keys and all digits of an
 * int64 are preserved, and a double keeps its decimal point (1.0). Non-finite numbers and types that JSON lacks are written
 * as the canonical text of `value-text.ts`. This is not EJSON: a field named `$date` or `_bsontype` has no special meaning.
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { decimalAt, decimalText } from '@emcachers/bson/decimal128';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { readInt32 } from '@emcachers/bson/read-bytes';
import { cstringEnd } from '@emcachers/bson/value-end';
import { DocumentError } from './document-error.ts';
import { nestingMax } from './nesting-max.ts';
import {
  binaryAt,
  binaryText,
  boundaryText,
  dateText,
  doubleJson,
  integerAt,
  jsonString,
  objectIdText,
  regexText,
  stringAt,
  timestampText,
} from './value-text.ts';

/** A BSON value: its type byte and the offset of its first byte after the name. */
export interface ValueAt {
  readonly type: number;
  readonly start: number;
}

/** `depth` is the number of levels above this value. */
export function valueJson(bytes: Buffer, value: ValueAt, depth: number): string {
  const { type, start } = value;
  switch (type) {
    case bsonTypes.string:
    case bsonTypes.code:
    case bsonTypes.symbol:
      return jsonString(bytes, start + 4, start + 3 + readInt32(bytes, start));
    case bsonTypes.int32:
      return String(readInt32(bytes, start));
    case bsonTypes.int64:
      return String(integerAt(bytes, start));
    case bsonTypes.double:
      return doubleJson(bytes.readDoubleLE(start));
    case bsonTypes.boolean:
      return bytes[start] === 1 ? 'true' : 'false';
    case bsonTypes.null:
    case bsonTypes.undefined:
      return 'null';
    case bsonTypes.objectId:
      return `"${objectIdText(bytes, start)}"`;
    case bsonTypes.date:
      return `"${dateText(integerAt(bytes, start))}"`;
    case bsonTypes.object:
    case bsonTypes.array:
      return containerJson(bytes, value, depth);
    case bsonTypes.decimal128:
      return `"${decimalText(decimalAt(bytes, start))}"`;
    case bsonTypes.binary:
      return `"${binaryText(bytes, binaryAt(bytes, start))}"`;
    case bsonTypes.timestamp:
      return `"${timestampText(bytes, start)}"`;
    case bsonTypes.regex:
      return JSON.stringify(regexText(bytes, start));
    case bsonTypes.minKey:
    case bsonTypes.maxKey:
      return `"${boundaryText(type)}"`;
    case bsonTypes.dbPointer:
      return dbPointerJson(bytes, start);
    case bsonTypes.codeWithScope:
      return codeWithScopeJson(bytes, start, depth);
    default:
      throw new DocumentError(`Byte ${start} belongs to a value of the unknown BSON type ${type}.`);
  }
}

function containerJson(bytes: Buffer, { type, start }: ValueAt, depth: number): string {
  if (depth >= nestingMax) throw new DocumentError(`The document nests deeper than ${nestingMax} levels.`);
  const isArray = type === bsonTypes.array;
  const walk = new ElementWalk(bytes, start);
  let json = '';
  while (walk.next()) {
    if (json !== '') json += ',';
    if (!isArray) json += `${jsonString(bytes, walk.nameStart, walk.nameEnd)}:`;
    json += valueJson(bytes, walk, depth + 1);
  }
  return isArray ? `[${json}]` : `{${json}}`;
}

/** Written as a DBRef, the type that replaced DBPointer. */
function dbPointerJson(bytes: Buffer, start: number): string {
  const id = start + 4 + readInt32(bytes, start);
  return `{"$ref":${JSON.stringify(stringAt(bytes, start))},"$id":"${objectIdText(bytes, id)}"}`;
}

function codeWithScopeJson(bytes: Buffer, start: number, depth: number): string {
  const scopeStart = start + 8 + readInt32(bytes, start + 4);
  const scope = containerJson(bytes, { type: bsonTypes.object, start: scopeStart }, depth + 1);
  return `{"code":${JSON.stringify(stringAt(bytes, start + 4))},"scope":${scope}}`;
}

/**
 * True if a U+FFFD in the decoded text replaced invalid UTF-8; false if the document itself contains that character. Called
 * only when the text contains U+FFFD, so ordinary values cost nothing.
 */
export function holdsDamagedText(bytes: Buffer, value: ValueAt): boolean {
  switch (value.type) {
    case bsonTypes.string:
    case bsonTypes.code:
    case bsonTypes.symbol:
      return !isUtf8Range(bytes, value.start + 4, value.start + 3 + readInt32(bytes, value.start));
    case bsonTypes.object:
    case bsonTypes.array:
      return holdsDamagedElements(bytes, value.start);
    case bsonTypes.regex: {
      const patternEnd = cstringEnd(bytes, value.start);
      return !isUtf8Range(bytes, value.start, cstringEnd(bytes, patternEnd + 1));
    }
    case bsonTypes.codeWithScope: {
      const textEnd = value.start + 8 + readInt32(bytes, value.start + 4);
      return !isUtf8Range(bytes, value.start + 8, textEnd - 1) || holdsDamagedElements(bytes, textEnd);
    }
    case bsonTypes.dbPointer:
      return !isUtf8Range(bytes, value.start + 4, value.start + 3 + readInt32(bytes, value.start));
    default:
      return false;
  }
}

function holdsDamagedElements(bytes: Buffer, start: number): boolean {
  const walk = new ElementWalk(bytes, start);
  while (walk.next()) {
    if (!isUtf8Range(bytes, walk.nameStart, walk.nameEnd)) return true;
    if (holdsDamagedText(bytes, walk)) return true;
  }
  return false;
}

function isUtf8Range(bytes: Buffer, start: number, end: number): boolean {
  const range = bytes.subarray(start, end);
  return Buffer.from(range.toString('utf8'), 'utf8').equals(range);
}
