import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { deserialize } from 'bson';
import type { RawElement } from './raw-element.ts';

const typeNames: Readonly<Record<number, string>> = {
  1: 'double',
  2: 'string',
  3: 'object',
  4: 'array',
  5: 'binData',
  6: 'undefined',
  7: 'objectId',
  8: 'bool',
  9: 'date',
  10: 'null',
  11: 'regex',
  12: 'dbPointer',
  13: 'javascript',
  14: 'symbol',
  15: 'javascriptWithScope',
  16: 'int',
  17: 'timestamp',
  18: 'long',
  19: 'decimal',
  127: 'maxKey',
  255: 'minKey',
};

/** MongoDB's alias of a BSON type byte, as its messages spell it. */
export function typeName(type: number): string {
  return typeNames[type] ?? `type ${type}`;
}

/** `Number` of a numeric element, or undefined for any other type. Decimal128 is read through the `bson` package. */
export function numberOf(element: RawElement): number | undefined {
  switch (element.type) {
    case bsonTypes.double:
      return element.bytes.readDoubleLE(0);
    case bsonTypes.int32:
      return element.bytes.readInt32LE(0);
    case bsonTypes.int64:
      return Number(element.bytes.readBigInt64LE(0));
    case bsonTypes.decimal128:
      return Number(String(decodeValue(element)));
    default:
      return undefined;
  }
}

/** Decodes one value without promotion, so that its BSON type is kept. */
export function decodeValue(element: RawElement): unknown {
  const head = Buffer.alloc(7);
  head.writeInt32LE(element.bytes.length + 8, 0);
  head[4] = element.type;
  head[5] = 0x76;
  const bytes = Buffer.concat([head, element.bytes, Buffer.from([0])]);
  return deserialize(bytes, { promoteValues: false, bsonRegExp: true, validation: { utf8: false } })['v'];
}
