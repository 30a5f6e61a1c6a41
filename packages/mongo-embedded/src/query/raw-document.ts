import { Buffer } from 'node:buffer';
import { MongoFailure } from '../error/mongo-failure.ts';
import { bsonTypes, RawValue, readInt32, textBetween } from './raw-value.ts';

/** Bytes that a value of a fixed size takes; -1 for the others. */
const fixedSizes = new Int8Array(256).fill(-1);
for (const [type, size] of [
  [bsonTypes.double, 8],
  [bsonTypes.undefined, 0],
  [bsonTypes.objectId, 12],
  [bsonTypes.boolean, 1],
  [bsonTypes.date, 8],
  [bsonTypes.null, 0],
  [bsonTypes.int32, 4],
  [bsonTypes.timestamp, 8],
  [bsonTypes.int64, 8],
  [bsonTypes.decimal128, 16],
  [bsonTypes.minKey, 0],
  [bsonTypes.maxKey, 0],
] as const) {
  fixedSizes[type] = size;
}

/** Where the value that starts at `start` ends. The document must have passed `validateDocument`. */
export function valueEnd(type: number, bytes: Uint8Array, start: number): number {
  const fixed = fixedSizes[type] as number;
  if (fixed >= 0) return start + fixed;
  switch (type) {
    case bsonTypes.string:
    case bsonTypes.code:
    case bsonTypes.symbol:
      return start + 4 + readInt32(bytes, start);
    case bsonTypes.object:
    case bsonTypes.array:
    case bsonTypes.codeWithScope:
      return start + readInt32(bytes, start);
    case bsonTypes.binary:
      return start + 5 + readInt32(bytes, start);
    case bsonTypes.dbPointer:
      return start + 4 + readInt32(bytes, start) + 12;
    case bsonTypes.regex:
      return bytes.indexOf(0, bytes.indexOf(0, start) + 1) + 1;
    default:
      throw new MongoFailure('InvalidBSON', `Unrecognized BSON type ${type}`);
  }
}

/**
 * Steps through the elements of one document or array without decoding them:
 * `while (walker.next()) …`, then `type`, `name`, `value` and the spans describe the current element.
 */
export class ElementWalker {
  readonly bytes: Uint8Array;
  type = 0;
  /** Where the element starts: its type byte. */
  elementStart = 0;
  nameStart = 0;
  nameEnd = 0;
  valueStart = 0;
  valueEnd: number;

  constructor(bytes: Uint8Array, start = 0) {
    this.bytes = bytes;
    this.valueEnd = start + 4;
  }

  /** Over a document or an array; any other value is a specification of the wrong type (14). */
  static over(value: RawValue): ElementWalker {
    if (value.type !== bsonTypes.object && value.type !== bsonTypes.array) {
      throw new MongoFailure('TypeMismatch', 'Expected a document or an array, found a value of another type');
    }
    return new ElementWalker(value.bytes, value.start);
  }

  next(): boolean {
    const bytes = this.bytes;
    const at = this.valueEnd;
    const type = bytes[at] as number;
    this.elementStart = at;
    this.type = type;
    if (type === 0) return false;
    let end = at + 1;
    while (bytes[end] !== 0) end += 1;
    this.nameStart = at + 1;
    this.nameEnd = end;
    this.valueStart = end + 1;
    this.valueEnd = valueEnd(type, bytes, end + 1);
    return true;
  }

  get name(): string {
    return textBetween(this.bytes, this.nameStart, this.nameEnd);
  }

  get value(): RawValue {
    return new RawValue(this.type, this.bytes, { start: this.valueStart, end: this.valueEnd });
  }

  /** The whole element: type, name and value. */
  get element(): Uint8Array {
    return this.bytes.subarray(this.elementStart, this.valueEnd);
  }

  nameIs(name: Uint8Array): boolean {
    const length = name.length;
    if (this.nameEnd - this.nameStart !== length) return false;
    for (let index = 0; index < length; index += 1) {
      if (this.bytes[this.nameStart + index] !== name[index]) return false;
    }
    return true;
  }
}

/** A name as the bytes that stand in a document. */
export function nameBytes(name: string): Uint8Array {
  return Buffer.from(name, 'utf8');
}

/** The first element of that name; BSON allows a name twice and MongoDB reads the first. */
export function fieldOf(document: RawValue, name: Uint8Array): RawValue | undefined {
  const walker = ElementWalker.over(document);
  while (walker.next()) if (walker.nameIs(name)) return walker.value;
  return undefined;
}

const idName = nameBytes('_id');

/** The `_id` of a whole document. */
export function idOf(document: Uint8Array): RawValue | undefined {
  const walker = new ElementWalker(document);
  while (walker.next()) if (walker.nameIs(idName)) return walker.value;
  return undefined;
}

/** Every element of a document by name, in order; for the few places that need them all (specifications, not data). */
export function entriesOf(document: RawValue): [name: string, value: RawValue][] {
  const entries: [string, RawValue][] = [];
  const walker = ElementWalker.over(document);
  while (walker.next()) entries.push([walker.name, walker.value]);
  return entries;
}

/** The elements of an array in order. */
export function itemsOf(array: RawValue): RawValue[] {
  const items: RawValue[] = [];
  const walker = ElementWalker.over(array);
  while (walker.next()) items.push(walker.value);
  return items;
}

/** The value at a dotted path through documents only: arrays are not entered. */
export function valueAtPath(document: RawValue, path: readonly Uint8Array[]): RawValue | undefined {
  let current: RawValue | undefined = document;
  for (const name of path) {
    if (current?.type !== bsonTypes.object) return undefined;
    current = fieldOf(current, name);
  }
  return current;
}

/** Splits a dotted path into the bytes of its names. */
export function pathBytes(path: string): Uint8Array[] {
  return path.split('.').map(nameBytes);
}
