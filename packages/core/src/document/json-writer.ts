/**
 * Converts BSON to JSON text directly from the bytes. Handles every BSON type. Key order, duplicate keys and all digits of an
 * int64 are preserved, and a double keeps its decimal point (1.0). Non-finite numbers and types that JSON lacks are written
 * as the canonical text of `value-text.ts`. This is not EJSON: a field named `$date` or `_bsontype` has no special meaning.
 */
import { decimalAt, decimalText } from './decimal128.ts';
import { DocumentError } from './document-error.ts';
import { bsonType, checkedDocument, cstringEnd, ElementWalk, int32At, nestingMax } from './raw-bson.ts';
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

/** The whole document as JSON text. Validates every byte. */
export function documentJson(raw: Uint8Array): string {
  return containerJson(checkedDocument(raw), { type: bsonType.document, start: 0 }, 0);
}

export interface ValueAt {
  readonly type: number;
  readonly start: number;
}

/** `depth` is the number of levels above this value. */
export function valueJson(bytes: Buffer, value: ValueAt, depth: number): string {
  const { type, start } = value;
  switch (type) {
    case bsonType.string:
    case bsonType.code:
    case bsonType.symbol:
      return jsonString(bytes, start + 4, start + 3 + int32At(bytes, start));
    case bsonType.int32:
      return String(int32At(bytes, start));
    case bsonType.int64:
      return String(integerAt(bytes, start));
    case bsonType.double:
      return doubleJson(bytes.readDoubleLE(start));
    case bsonType.bool:
      return bytes[start] === 1 ? 'true' : 'false';
    case bsonType.null:
    case bsonType.undefined:
      return 'null';
    case bsonType.objectId:
      return `"${objectIdText(bytes, start)}"`;
    case bsonType.date:
      return `"${dateText(integerAt(bytes, start))}"`;
    case bsonType.document:
    case bsonType.array:
      return containerJson(bytes, value, depth);
    case bsonType.decimal128:
      return `"${decimalText(decimalAt(bytes, start))}"`;
    case bsonType.binary:
      return `"${binaryText(bytes, binaryAt(bytes, start))}"`;
    case bsonType.timestamp:
      return `"${timestampText(bytes, start)}"`;
    case bsonType.regex:
      return JSON.stringify(regexText(bytes, start));
    case bsonType.minKey:
    case bsonType.maxKey:
      return `"${boundaryText(type)}"`;
    case bsonType.dbPointer:
      return dbPointerJson(bytes, start);
    case bsonType.codeWithScope:
      return codeWithScopeJson(bytes, start, depth);
    default:
      throw new DocumentError(`Byte ${start} belongs to a value of the unknown BSON type ${type}.`);
  }
}

function containerJson(bytes: Buffer, { type, start }: ValueAt, depth: number): string {
  if (depth >= nestingMax) throw new DocumentError(`The document nests deeper than ${nestingMax} levels.`);
  const isArray = type === bsonType.array;
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
  const id = start + 4 + int32At(bytes, start);
  return `{"$ref":${JSON.stringify(stringAt(bytes, start))},"$id":"${objectIdText(bytes, id)}"}`;
}

function codeWithScopeJson(bytes: Buffer, start: number, depth: number): string {
  const scopeStart = start + 8 + int32At(bytes, start + 4);
  const scope = containerJson(bytes, { type: bsonType.document, start: scopeStart }, depth + 1);
  return `{"code":${JSON.stringify(stringAt(bytes, start + 4))},"scope":${scope}}`;
}

/**
 * True if a U+FFFD in the decoded text replaced invalid UTF-8; false if the document itself contains that character. Called
 * only when the text contains U+FFFD, so ordinary values cost nothing.
 */
export function holdsDamagedText(bytes: Buffer, value: ValueAt): boolean {
  switch (value.type) {
    case bsonType.string:
    case bsonType.code:
    case bsonType.symbol:
      return !isUtf8Range(bytes, value.start + 4, value.start + 3 + int32At(bytes, value.start));
    case bsonType.document:
    case bsonType.array:
      return holdsDamagedElements(bytes, value.start);
    case bsonType.regex: {
      const patternEnd = cstringEnd(bytes, value.start);
      return !isUtf8Range(bytes, value.start, cstringEnd(bytes, patternEnd + 1));
    }
    case bsonType.codeWithScope: {
      const textEnd = value.start + 8 + int32At(bytes, value.start + 4);
      return !isUtf8Range(bytes, value.start + 8, textEnd - 1) || holdsDamagedElements(bytes, textEnd);
    }
    case bsonType.dbPointer:
      return !isUtf8Range(bytes, value.start + 4, value.start + 3 + int32At(bytes, value.start));
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
