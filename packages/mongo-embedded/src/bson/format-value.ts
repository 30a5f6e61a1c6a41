import { decodeValue, typeName } from './command-body.ts';
import { forEachElement, type RawElement } from './raw-element.ts';

/** A value as mongod's messages show it: for people, not for parsing. */
export function formatValue(element: RawElement): string {
  const { type, bytes } = element;
  switch (type) {
    case 0x02:
    case 0x0e:
      return JSON.stringify(bytes.toString('utf8', 4, bytes.length - 1));
    case 0x03:
      return formatDocument(bytes);
    case 0x04:
      return formatArray(bytes);
    case 0x05:
      return `BinData(${bytes[4]}, ${bytes.toString('hex', 5).toUpperCase()})`;
    case 0x07:
      return `ObjectId('${bytes.toString('hex')}')`;
    case 0x08:
      return bytes[0] === 1 ? 'true' : 'false';
    case 0x09:
      return `new Date(${bytes.readBigInt64LE(0)})`;
    case 0x0a:
      return 'null';
    case 0x11:
      return `Timestamp(${bytes.readUInt32LE(4)}, ${bytes.readUInt32LE(0)})`;
    case 0x13:
      return `NumberDecimal("${String(decodeValue(element))}")`;
    case 0x01:
      return formatDouble(bytes.readDoubleLE(0));
    case 0x10:
      return String(bytes.readInt32LE(0));
    case 0x12:
      return String(bytes.readBigInt64LE(0));
    case 0x7f:
      return 'MaxKey';
    case 0xff:
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
