import { Long, serialize, Timestamp } from 'bson';
import { expect, test } from 'vitest';
import { bsonTypes } from './bson-types.ts';
import { ElementWalk } from './element-walk.ts';
import {
  arrayValue,
  booleanValue,
  dateValue,
  documentValue,
  doubleValue,
  int32Value,
  int64Value,
  nullValue,
  type RawValue,
  stringOf,
  stringValue,
  timestampValue,
} from './raw-value.ts';

/** Type and encoding of a value as the `bson` package writes it. */
function reference(value: unknown, options = {}) {
  const walk = new ElementWalk(serialize({ v: value }, options));
  if (!walk.next()) throw new Error('The document has no element.');
  const { type, start, end } = walk;
  return { type, bytes: Buffer.from(walk.bytes.subarray(start, end)).toString('hex') };
}

const encoded = (value: RawValue) => ({ type: value.type, bytes: Buffer.from(value.span()).toString('hex') });

test.each<[string, RawValue, unknown]>([
  ['an int32', int32Value(-7), -7],
  ['an int64', int64Value(2n ** 53n + 1n), Long.fromBigInt(2n ** 53n + 1n)],
  ['a fraction', doubleValue(0.1), 0.1],
  ['a string', stringValue('grün'), 'grün'],
  ['a string with a zero byte', stringValue('a\0b'), 'a\0b'],
  ['an empty string', stringValue(''), ''],
  ['true', booleanValue(true), true],
  ['false', booleanValue(false), false],
  ['a date before 1970', dateValue(-1n), new Date(-1)],
  ['a timestamp', timestampValue(4_000_000_000, 2), new Timestamp({ t: 4_000_000_000, i: 2 })],
  ['null', nullValue, null],
  ['a document', documentValue(serialize({ a: 1 })), { a: 1 }],
  ['an array', arrayValue(serialize({ 0: 'a', 1: 2 })), ['a', 2]],
])('%s has the bytes that the bson package writes', (_, value, same) => {
  expect(encoded(value)).toEqual(reference(same));
});

test('a whole double stays a double', () => {
  expect(doubleValue(1).type).toBe(bsonTypes.double);
  expect(Buffer.from(doubleValue(-0).span()).readDoubleLE()).toBe(-0);
});

test('a string is read as it was written, except that an unpaired surrogate becomes U+FFFD', () => {
  expect(stringOf(stringValue('a\0ü😀'))).toBe('a\0ü😀');
  expect(stringOf(stringValue('a\ud800b'))).toBe('a\ufffdb');
});

test('numbers outside the range of their type are a RangeError', () => {
  expect(() => int32Value(2 ** 31)).toThrow(RangeError);
  expect(() => int64Value(2n ** 63n)).toThrow(RangeError);
  expect(() => timestampValue(-1, 0)).toThrow(RangeError);
});
