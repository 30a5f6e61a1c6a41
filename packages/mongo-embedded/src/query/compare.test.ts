import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import {
  Binary,
  BSON,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareValues } from './compare.ts';
import { orderKey } from './order-key.ts';
import { fieldOf, nameBytes } from './raw-document.ts';

function rawOf(value: unknown): RawValue {
  const found = fieldOf(documentValue(BSON.serialize({ v: value })), nameBytes('v'));
  if (found === undefined) throw new Error('value is missing');
  return found;
}

function keyOrder(left: unknown, right: unknown): number {
  return Math.sign(Buffer.compare(orderKey(rawOf(left)), orderKey(rawOf(right))));
}

/** Ascending; the values of one row are equal. Source: manual page "Comparison/Sort Order" and `compareElements` in mongodb/mongo. */
const ordered: readonly (readonly unknown[])[] = [
  [new MinKey()],
  [null],
  [new Double(Number.NaN), Decimal128.fromString('NaN')],
  [new Double(Number.NEGATIVE_INFINITY), Decimal128.fromString('-Infinity')],
  [Decimal128.fromString('-9.999999999999999999999999999999999E+6144')],
  [new Double(-Number.MAX_VALUE)],
  [Long.MIN_VALUE, new Double(-(2 ** 63)), Decimal128.fromString('-9223372036854775808')],
  [Long.fromBigInt(-(2n ** 63n) + 1n), Decimal128.fromString('-9223372036854775807')],
  [Long.fromBigInt(-(2n ** 53n) - 1n)],
  [Long.fromBigInt(-(2n ** 53n)), new Double(-(2 ** 53))],
  [new Int32(-1), Long.fromNumber(-1), Decimal128.fromString('-1.0')],
  [Decimal128.fromString('-1E-6176')],
  [new Int32(0), new Double(-0), new Double(0), Long.ZERO, Decimal128.fromString('0E+3'), Decimal128.fromString('-0')],
  [Decimal128.fromString('1E-6176')],
  [new Double(Number.MIN_VALUE)],
  [Decimal128.fromString('0.1')],
  [new Double(0.1)],
  [
    new Int32(1),
    new Double(1),
    Long.ONE,
    Decimal128.fromString('1'),
    Decimal128.fromString('1.00'),
    Decimal128.fromString('10E-1'),
  ],
  [Decimal128.fromString('1.000000000000000000000000000000001')],
  [new Double(1 + Number.EPSILON)],
  [Long.fromBigInt(2n ** 53n - 1n), new Double(2 ** 53 - 1)],
  [Long.fromBigInt(2n ** 53n), new Double(2 ** 53)],
  [Long.fromBigInt(2n ** 53n + 1n), Decimal128.fromString('9007199254740993')],
  [Decimal128.fromString('9007199254740993.5')],
  [Long.fromBigInt(2n ** 53n + 2n), new Double(2 ** 53 + 2)],
  [Long.MAX_VALUE, Decimal128.fromString('9223372036854775807')],
  [new Double(2 ** 63), Decimal128.fromString('9223372036854775808')],
  [new Double(Number.MAX_VALUE)],
  [Decimal128.fromString('1E+6144')],
  [new Double(Number.POSITIVE_INFINITY), Decimal128.fromString('Infinity')],
  [''],
  ['\0'],
  ['a'],
  ['a\0'],
  ['a\0b'],
  ['ab'],
  ['\ufffd'],
  ['\u{1f600}'],
  [{}],
  [{ b: null }],
  [{ a: 1 }, { a: Long.ONE }],
  [{ a: 1, b: 2 }],
  [{ a: 2 }],
  [{ b: 1 }],
  [{ a: 'x' }],
  [{ a: {} }],
  [{ a: [] }],
  [[]],
  [[1]],
  [[1, 2]],
  [[2]],
  [['a']],
  [new Binary(Buffer.from(''), 0)],
  [new Binary(Buffer.from('b'), 0)],
  [new Binary(Buffer.from('a'), 128)],
  [new Binary(Buffer.alloc(16, 1), 3)],
  [new Binary(Buffer.alloc(16), 4)],
  [new ObjectId('000000000000000000000000')],
  [new ObjectId('507f1f77bcf86cd799439011')],
  [false],
  [true],
  [new Date(-8.64e15)],
  [new Date(-1)],
  [new Date(0)],
  [new Date(8.64e15)],
  [new Timestamp({ t: 0, i: 0 })],
  [new Timestamp({ t: 1, i: 4_294_967_295 })],
  [new Timestamp({ t: 2_147_483_648, i: 0 })],
  [new BSONRegExp('a', '')],
  [new BSONRegExp('a', 'i')],
  [new BSONRegExp('ab', '')],
  [new Code('a')],
  [new Code('a', { b: 1 })],
  [new MaxKey()],
];

const scalar = fc.oneof(
  fc.constantFrom(...ordered.flat()),
  fc.double().map((value) => new Double(value)),
  fc.integer().map((value) => new Int32(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 34n) + 1n, max: 10n ** 34n - 1n }), fc.integer({ min: -6176, max: 6111 }))
    .map(([digits, exponent]) => Decimal128.fromString(`${digits}E${exponent}`)),
  fc
    .tuple(fc.integer({ min: -100, max: 100 }), fc.integer({ min: -3, max: 3 }))
    .map(([digits, exponent]) => Decimal128.fromString(`${digits}E${exponent}`)),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => new Binary(bytes, 0)),
);
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'ab', ''), tie('value')), { maxLength: 3 })
      .map((fields) => new Map(fields)),
  ),
})).value;

describe('MongoDB comparison order', () => {
  test('the known order holds for the comparator and for the keys', () => {
    const ranked = ordered.flatMap((equals, rank) => equals.map((value) => ({ value, rank })));
    for (const [left, right] of ranked.flatMap((one) => ranked.map((other) => [one, other] as const))) {
      const [one, other, wanted] = [left.value, right.value, Math.sign(left.rank - right.rank)];
      expect([one, other, Math.sign(compareValues(rawOf(one), rawOf(other)))]).toEqual([one, other, wanted]);
      expect([one, other, keyOrder(one, other)]).toEqual([one, other, wanted]);
    }
  });

  test('keys order random values exactly as the comparator does, and no key is a prefix of another', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (left, right) => {
        expect(keyOrder(left, right)).toBe(Math.sign(compareValues(rawOf(left), rawOf(right))));
        const keys = [orderKey(rawOf(left)), orderKey(rawOf(right))] as const;
        const shorter = Math.min(keys[0].length, keys[1].length);
        if (!keys[0].equals(keys[1]))
          expect(keys[0].subarray(0, shorter).equals(keys[1].subarray(0, shorter))).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  const corpus = process.env['EMCACHERS_SPEC_DIR'];
  test.skipIf(corpus === undefined)(
    'every value of the published BSON corpus has a key that agrees with the comparator (skipped without EMCACHERS_SPEC_DIR)',
    () => {
      const folder = join(corpus ?? '', 'bson-corpus');
      const values = readdirSync(folder)
        .filter((file) => file.endsWith('.json'))
        .flatMap(
          (file) =>
            (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { valid?: { canonical_bson: string }[] }).valid ??
            [],
        )
        .map((valid) => documentValue(Buffer.from(valid.canonical_bson, 'hex')));
      expect(values.length).toBeGreaterThan(400);
      const keyed = values
        .map((value) => ({ value, key: orderKey(value) }))
        .sort((left, right) => Buffer.compare(left.key, right.key));
      for (const [index, { value, key }] of keyed.entries()) {
        const next = keyed[index + 1];
        if (next !== undefined) expect(Math.sign(compareValues(value, next.value))).toBe(Buffer.compare(key, next.key));
      }
    },
  );
});
