import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
  UUID,
} from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { docIdOf } from './client.ts';

/** What the engine computes from the bytes that the driver stores. */
const stored = (id: unknown): string => docIdOfDocument(serialize({ _id: id }, { ignoreUndefined: false }));

const ids: readonly (readonly [string, unknown])[] = [
  ['an ObjectId', new ObjectId('65a1b2c3d4e5f60718293a4b')],
  ['a string', 'order 7'],
  ['a string like an ObjectId', '65a1b2c3d4e5f60718293a4b'],
  ['a string like a tag', 'n:1'],
  ['an empty string', ''],
  ['a string with NUL and umlauts', 'a\0ü€😀'],
  ['a long string', 'x'.repeat(2_000)],
  ['an int32', 7],
  ['the largest int32', 2 ** 31 - 1],
  ['the smallest int32', -(2 ** 31)],
  ['a whole double', 2 ** 31],
  ['a double', 1.5],
  ['minus zero', -0],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['a bigint', 9_007_199_254_740_993n],
  ['a Long', Long.fromString('-9223372036854775808')],
  ['an Int32', new Int32(5)],
  ['a Double', new Double(5)],
  ['a Decimal128', Decimal128.fromString('1.50')],
  ['true', true],
  ['null', null],
  ['a date', new Date('2026-11-27T04:50:00.123Z')],
  ['a UUID', new UUID('0e7f3a52-6a4c-4b9e-9a53-0c3c5d6b7a80')],
  ['a Binary', new Binary(Uint8Array.of(1, 2, 3), 128)],
  ['a Binary of the old subtype', new Binary(Uint8Array.of(1, 2, 3), 2)],
  ['a Buffer', Buffer.from([1, 2, 3])],
  ['a Timestamp', new Timestamp({ t: 4_000_000_000, i: 3_000_000_000 })],
  ['MinKey', new MinKey()],
  ['MaxKey', new MaxKey()],
  ['a symbol', new BSONSymbol('s')],
  ['a document', { b: 1, a: { c: [1, 'x', null] }, '%=,': undefined }],
  [
    'a Map',
    new Map([
      ['b', 1],
      ['a', 2],
    ]),
  ],
  ['a document with a pattern', { a: new BSONRegExp('^a', 'xi'), b: /^b/im, c: /c/g }],
  ['a document with code', { a: new Code('f()'), b: new Code('f(x)', { x: 1 }) }],
  [
    'a document with a reference',
    { a: new DBRef('orders', new ObjectId('65a1b2c3d4e5f60718293a4b'), 'shop', { x: 1 }) },
  ],
];

test.each(ids)('the DocID of %s is the engine’s', (_name, id) => {
  expect(docIdOf(id)).toBe(stored(id));
});

test('the DocID of any value that the driver stores is the engine’s', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.boolean(),
    fc.constant(null),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => new Timestamp(value)),
  );
  const name = fc
    .string({ unit: 'binary' })
    .filter((each) => !each.includes('\0') && each !== '_bsontype' && each !== '__proto__');
  const any = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, leaf, fc.dictionary(name, tie('value')), fc.array(tie('value'))),
  })).value;
  fc.assert(
    fc.property(any, (id) => {
      expect(docIdOf(id)).toBe(stored(id));
    }),
    { numRuns: 500 },
  );
});

test('values of other versions of the bson package are recognised by their type', () => {
  const id = new ObjectId('65a1b2c3d4e5f60718293a4b');
  expect(docIdOf({ _bsontype: 'ObjectID', id: id.id })).toBe(stored(id));
});

test('what the driver cannot store is refused', () => {
  for (const id of [
    undefined,
    Symbol('s'),
    () => 1,
    { 'a\0b': 1 },
    { _bsontype: 'Unheard' },
    { _bsontype: 'ObjectId', id: 'x' },
  ])
    expect(() => docIdOf(id)).toThrow(TypeError);
});
