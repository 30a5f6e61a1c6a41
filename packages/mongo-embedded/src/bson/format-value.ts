import { bsonTypes } from '@emcachers/bson/bson-types';
import { decodeValue, typeName } from './element-value.ts';
import { forEachElement, type RawElement } from './raw-element.ts';

/** Formats a value as mongod's messages do, for people to read. */
export function formatValue(element: RawElement): string {
  const { type, bytes } = element;
  switch (type) {
    case bsonTypes.string:
    case bsonTypes.symbol:
      return JSON.stringify(bytes.toString('utf8', 4, bytes.length - 1));
    case bsonTypes.object:
      return formatDocument(bytes);
    case bsonTypes.array:
      return formatArray(bytes);
    case bsonTypes.binary:
      return `BinData(${bytes[4]}, ${bytes.toString('hex', 5).toUpperCase()})`;
    case bsonTypes.objectId:
      return `ObjectId('${bytes.toString('hex')}')`;
    case bsonTypes.boolean:
      return bytes[0] === 1 ? 'true' : 'false';
    case bsonTypes.date:
      return `new Date(${bytes.readBigInt64LE(0)})`;
    case bsonTypes.null:
      return 'null';
    case bsonTypes.timestamp:
      return `Timestamp(${bytes.readUInt32LE(4)}, ${bytes.readUInt32LE(0)})`;
    case bsonTypes.decimal128:
      return `NumberDecimal("${String(decodeValue(element))}")`;
    case bsonTypes.double:
      return formatDouble(bytes.readDoubleLE(0));
    case bsonTypes.int32:
      return String(bytes.readInt32LE(0));
    case bsonTypes.int64:
      return String(bytes.readBigInt64LE(0));
    case bsonTypes.maxKey:
      return 'MaxKey';
    case bsonTypes.minKey:
      return 'MinKey';
    default:
      return typeName(type);
  }
}

function formatDouble(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
}

function formatDocument(bytes: Uint8Array): string {
  const parts: string[] = [];
  forEachElement(bytes, (name, element) => {
    parts.push(`${name}: ${formatValue(element)}`);
    return undefined;
  });
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function formatArray(bytes: Uint8Array): string {
  const parts: string[] = [];
  forEachElement(bytes, (_, element) => {
    parts.push(formatValue(element));
    return undefined;
  });
  return parts.length === 0 ? '[]' : `[ ${parts.join(', ')} ]`;
}
