import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
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
import { describe, expect, test } from 'vitest';
import { type ColumnType, columnTypes } from '../shape.ts';
import { DocumentError } from './document-error.ts';
import { compileProjection, emptyColumnCounts } from './projection.ts';
import { decodeRow, type SqlValue } from './row-codec.ts';

function columnsOf(paths: readonly (readonly [ColumnType, string])[]) {
  return paths.map(([type, path], index) => ({ name: `c${index}`, type, path }));
}

function project(document: object, ...paths: (readonly [ColumnType, string])[]) {
  const { data, coercionErrors } = compileProjection(columnsOf(paths)).project(
    serialize(document, { ignoreUndefined: false }),
  );
  return {
    values: decodeRow(
      data,
      paths.map(([type]) => type),
    ),
    coercionErrors,
  };
}

const hex = '507f1f77bcf86cd799439011';
const uuid = '00112233-4455-6677-8899-aabbccddeeff';
const big = 2n ** 53n + 1n;
const digits34 = '1.234567890123456789012345678901234';
const almostOne = '1.000000000000000000000000000000001';
const no = 'refused';

/** I13: every BSON type in every column type, in the order of `columnTypes`: JSONB, Any, Bool, Number, Integer, Text. */
type OnePerType<Types extends readonly unknown[]> = { readonly [Index in keyof Types]: SqlValue | typeof no };
const table: readonly (readonly [string, unknown, ...OnePerType<typeof columnTypes>])[] = [
  ['a double', new Double(1.5), '1.5', 1.5, no, 1.5, no, '1.5'],
  ['a whole double', new Double(1), '1.0', 1, 1, 1, 1, '1'],
  ['a negative zero', new Double(-0), '-0.0', -0, 0, -0, 0, '-0'],
  ['a large double', new Double(1e300), '1e+300', 1e300, no, 1e300, no, '1e+300'],
  [
    'a double of 2^62',
    new Double(2 ** 62),
    '4611686018427388000.0',
    2 ** 62,
    no,
    2 ** 62,
    2n ** 62n,
    '4611686018427388000',
  ],
  ['NaN', new Double(NaN), '"NaN"', 'NaN', no, 'NaN', no, 'NaN'],
  ['Infinity', new Double(-Infinity), '"-Infinity"', '-Infinity', no, '-Infinity', no, '-Infinity'],
  ['a string', 'a\0"é', '"a\\u0000\\"é"', 'a\0"é', no, no, no, 'a\0"é'],
  ['a string of digits', '12', '"12"', '12', no, no, no, '12'],
  ['a document', { b: 1, '2': 'x' }, '{"2":"x","b":1}', '{"2":"x","b":1}', no, no, no, '{"2":"x","b":1}'],
  ['an array', [1, [null]], '[1,[null]]', '[1,[null]]', no, no, no, '[1,[null]]'],
  ['binary data', new Binary(Buffer.from([0, 255])), '"AP8="', Buffer.from([0, 255]), no, no, no, 'AP8='],
  ['old binary data', new Binary(Buffer.from([7]), 2), '"Bw=="', Buffer.from([7]), no, no, no, 'Bw=='],
  ['a UUID', new UUID(uuid), `"${uuid}"`, uuid, no, no, no, uuid],
  ['undefined', undefined, 'null', null, null, null, null, null],
  ['an ObjectId', new ObjectId(hex), `"${hex}"`, hex, no, no, no, hex],
  ['true', true, 'true', 1n, 1, 1, 1, 'true'],
  ['false', false, 'false', 0n, 0, 0, 0, 'false'],
  [
    'a date',
    new Date(1_700_000_000_123),
    '"2023-11-14T22:13:20.123Z"',
    '2023-11-14T22:13:20.123Z',
    no,
    1_700_000_000_123,
    1_700_000_000_123,
    '2023-11-14T22:13:20.123Z',
  ],
  ['null', null, 'null', null, null, null, null, null],
  [
    'a regular expression',
    new BSONRegExp('(?i)a++"', 'x'),
    '"/(?i)a++\\"/x"',
    '/(?i)a++"/x',
    no,
    no,
    no,
    '/(?i)a++"/x',
  ],
  ['code', new Code('x()'), '"x()"', 'x()', no, no, no, 'x()'],
  ['a symbol', new BSONSymbol('s'), '"s"', 's', no, no, no, 's'],
  [
    'code with scope',
    new Code('x()', { a: 1 }),
    '{"code":"x()","scope":{"a":1}}',
    '{"code":"x()","scope":{"a":1}}',
    no,
    no,
    no,
    '{"code":"x()","scope":{"a":1}}',
  ],
  ['an int', new Int32(7), '7', 7n, no, 7, 7, '7'],
  ['an int of 1', new Int32(1), '1', 1n, 1, 1, 1, '1'],
  ['a timestamp', Timestamp.fromBits(2, 1), '"1:2"', '1:2', no, no, 4_294_967_298, '1:2'],
  [
    'a late timestamp',
    new Timestamp({ t: 4_294_967_295, i: 0 }),
    '"4294967295:0"',
    '4294967295:0',
    no,
    no,
    no,
    '4294967295:0',
  ],
  ['a long', Long.fromBigInt(big), `${big}`, big, no, no, big, `${big}`],
  [
    'a long that a double holds',
    Long.fromBigInt(2n ** 60n),
    `${2n ** 60n}`,
    2n ** 60n,
    no,
    2 ** 60,
    2n ** 60n,
    `${2n ** 60n}`,
  ],
  ['the least long', Long.MIN_VALUE, `${-(2n ** 63n)}`, -(2n ** 63n), no, -(2 ** 63), -(2n ** 63n), `${-(2n ** 63n)}`],
  ['a decimal', Decimal128.fromString('1.50'), '"1.50"', '1.50', no, 1.5, no, '1.50'],
  ['a decimal of cents', Decimal128.fromString('-19.99'), '"-19.99"', '-19.99', no, -19.99, no, '-19.99'],
  ['a decimal of 34 digits', Decimal128.fromString(digits34), `"${digits34}"`, digits34, no, no, no, digits34],
  ['the least decimal', Decimal128.fromString('1E-6176'), '"1E-6176"', '1E-6176', no, no, no, '1E-6176'],
  ['almost one', Decimal128.fromString(almostOne), `"${almostOne}"`, almostOne, no, no, no, almostOne],
  ['a zero with an exponent', Decimal128.fromString('0E-6176'), '"0E-6176"', '0E-6176', 0, 0, 0, '0E-6176'],
  [
    'a decimal of 17 digits',
    Decimal128.fromString('0.30000000000000004'),
    '"0.30000000000000004"',
    '0.30000000000000004',
    no,
    0.1 + 0.2,
    no,
    '0.30000000000000004',
  ],
  ['a whole decimal', Decimal128.fromString('1E+3'), '"1E+3"', '1E+3', no, 1000, 1000, '1E+3'],
  ['a huge decimal', Decimal128.fromString('1E+6000'), '"1E+6000"', '1E+6000', no, no, no, '1E+6000'],
  ['a decimal NaN', Decimal128.fromString('NaN'), '"NaN"', 'NaN', no, 'NaN', no, 'NaN'],
  ['MinKey', new MinKey(), '"MinKey"', 'MinKey', no, no, no, 'MinKey'],
  ['MaxKey', new MaxKey(), '"MaxKey"', 'MaxKey', no, no, no, 'MaxKey'],
];

describe('a column', () => {
  test.each(table)('stores %s according to its type', (_, value, ...kept) => {
    for (const [index, type] of columnTypes.entries()) {
      const expected =
        kept[index] === no ? { values: [null], coercionErrors: 1 } : { values: [kept[index]], coercionErrors: 0 };
      expect({ type, ...project({ v: value }, [type, 'v']) }).toEqual({ type, ...expected });
    }
  });

  test('keeps dates outside the range of JavaScript dates', () => {
    const texts = [
      Long.MIN_VALUE,
      Long.MAX_VALUE,
      Long.fromNumber(-62_167_219_200_001),
      Long.fromNumber(253_402_300_800_000),
    ].map((ms) => {
      const bytes = Buffer.from(serialize({ v: ms }));
      bytes[4] = 0x09;
      return decodeRow(compileProjection(columnsOf([['Text', 'v']])).project(bytes).data, ['Text'])[0];
    });
    expect(texts).toEqual([
      '-292275055-05-16T16:47:04.192Z',
      '+292278994-08-17T07:12:55.807Z',
      '-000001-12-31T23:59:59.999Z',
      '+010000-01-01T00:00:00.000Z',
    ]);
  });

  test('writes dates as JavaScript does, within its range', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(project({ v: date }, ['Text', 'v']).values).toEqual([date.toISOString()]);
      }),
    );
  });

  test('counts text that is not valid UTF-8, but not a genuine U+FFFD', () => {
    const bytes = Buffer.from(serialize({ v: 'aXb', w: '\ufffd' }));
    bytes[bytes.indexOf('X')] = 0xff;
    const types: ColumnType[] = ['Text', 'JSONB', 'Text'];
    const { data, coercionErrors } = compileProjection(
      columnsOf([
        ['Text', 'v'],
        ['JSONB', 'v'],
        ['Text', 'w'],
      ]),
    ).project(bytes);
    expect(decodeRow(data, types)).toEqual(['a\ufffdb', '"a\ufffdb"', '\ufffd']);
    expect(coercionErrors).toBe(2);
  });
});

describe('a projection', () => {
  test('follows paths through documents; a missing path is NULL and is not counted', () => {
    const document = { a: { 'b.c': 1, b: { c: 2 } }, $odd: 3, '': 4, __proto__x: 5 };
    expect(
      project(
        document,
        ['Integer', 'a."b.c"'],
        ['Integer', 'a.b.c'],
        ['Integer', '"$odd"'],
        ['Integer', '""'],
        ['Text', 'a.x.y'],
        ['JSONB', 'zz'],
      ),
    ).toEqual({
      values: [1, 2, 3, 4, null, null],
      coercionErrors: 0,
    });
  });

  test('treats a numeric segment as an array index and collects from the elements otherwise', () => {
    const document = {
      items: [{ sku: 'a', q: [1, 2] }, { sku: 'b' }, 7, { other: 1 }, { q: [{ z: 3 }] }],
      empty: [],
      scalar: 1,
    };
    const { values, coercionErrors } = project(
      document,
      ['Text', 'items.1.sku'],
      ['JSONB', 'items.sku'],
      ['Any', 'items.sku'],
      ['Integer', 'items.2'],
      ['JSONB', 'items.q.0'],
      ['JSONB', 'items.q.z'],
      ['JSONB', 'empty.x'],
      ['JSONB', 'scalar.x'],
      ['Text', 'items.9.sku'],
      ['Integer', 'items.sku'],
    );
    expect(values).toEqual(['b', '["a","b"]', '["a","b"]', 7, '[1,{"z":3}]', '[[],[3]]', '[]', null, null, null]);
    expect(coercionErrors).toBe(1);
  });

  test('supports a path and one below it, and two columns with the same path', () => {
    expect(project({ a: { b: 1 } }, ['JSONB', 'a'], ['Integer', 'a.b'], ['Text', 'a.b']).values).toEqual([
      '{"b":1}',
      1,
      '1',
    ]);
  });

  test('uses the last of several fields with the same name, as drivers do', () => {
    const bytes = Buffer.from(serialize({ a: { x: 1 }, b: { y: 2 } }));
    bytes[bytes.lastIndexOf('b\0')] = 'a'.charCodeAt(0);
    const { data } = compileProjection(
      columnsOf([
        ['Integer', 'a.x'],
        ['Integer', 'a.y'],
      ]),
    ).project(bytes);
    expect(decodeRow(data, ['Integer', 'Integer'])).toEqual([null, 2]);
  });

  test('of the path $ is the whole document, in the column types that hold documents', () => {
    const json = '{"a":{"b":1},"c":[1,"x"]}';
    const paths: [ColumnType, string][] = [
      ['JSONB', '$'],
      ['Text', '$'],
      ['Any', '$'],
      ['Integer', 'a.b'],
      ['Number', '$'],
    ];
    expect(project({ a: { b: 1 }, c: [1, 'x'] }, ...paths)).toEqual({
      values: [json, json, json, 1, null],
      coercionErrors: 1,
    });
    expect(project({ $: 1 }, ['Integer', '"$"']).values).toEqual([1]);
  });

  test('counts by column how often its path met a value, and how often its type could not hold it', () => {
    const columns = columnsOf([
      ['Integer', 'a'],
      ['Text', 'b'],
      ['Any', 'nowhere'],
    ]);
    const counts = emptyColumnCounts(columns.length);
    const projection = compileProjection(columns);
    for (const document of [{ a: 1, b: 'x' }, { a: 'y' }, { a: null }]) projection.project(serialize(document), counts);
    expect(counts).toEqual({ met: [3, 1, 0], refused: [1, 0, 0], outside: 0 });
  });

  test('refuses a row above the limit, whether one column or all of them together are too large', () => {
    const columns = columnsOf([
      ['Text', 'a'],
      ['Text', 'b'],
    ]);
    const projection = compileProjection(columns, { rowBytesMax: 1000 });
    const sized = (a: number, b: string) => projection.project(serialize({ a: 'x'.repeat(a), b })).data;
    expect(sized(900, '')).toHaveLength(907);
    expect(() => sized(1001, '')).toThrow(/EMC-6002.*1000/);
    expect(() => sized(500, 'y'.repeat(500))).toThrow('EMC-6002');
    expect(() => sized(0, 'é'.repeat(600))).toThrow('EMC-6002');
  });

  test.each([
    ['dead-letter', 'EMC-6003'],
    ['fail', 'EMC-6005'],
  ] as const)('refuses the document if a column with the policy %s cannot hold its value', (whenRefused, code) => {
    const projection = compileProjection([{ name: 'n', type: 'Integer', path: 'n', whenRefused }]);
    const counts = emptyColumnCounts(1);
    expect(() => projection.project(serialize({ n: 'many' }), counts)).toThrow(new RegExp(`${code}.*Column n`, 's'));
    expect(projection.project(serialize({ n: null }), counts).data).toBe('[null]');
    expect(projection.project(serialize({}), counts).data).toBe('[null]');
    expect(counts).toEqual({ met: [1], refused: [0], outside: 0 });
  });

  test('reports for a draft which values were found and which were refused', () => {
    const projection = compileProjection(
      columnsOf([
        ['Integer', 'a'],
        ['Integer', 'b'],
        ['Text', 'c'],
        ['Text', 'n'],
      ]),
    );
    expect(projection.outcomes(serialize({ a: 1, b: 'x', n: null }))).toEqual(['kept', 'refused', 'missing', 'kept']);
  });

  test('refuses every document that is truncated or has wrong lengths, and never reads past its end', () => {
    const whole = Buffer.from(
      serialize({ s: 'text', d: { a: [1, 2, { x: 'y' }] }, b: new Binary(Buffer.alloc(9)), n: 1 }),
    );
    const projection = compileProjection(
      columnsOf([
        ['JSONB', 's'],
        ['JSONB', 'd'],
        ['JSONB', 'b'],
        ['Integer', 'n'],
      ]),
    );
    for (let length = 0; length < whole.length; length += 1)
      expect(() => projection.project(whole.subarray(0, length))).toThrow(DocumentError);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        try {
          projection.project(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DocumentError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('refuses nesting that would exhaust the stack', () => {
    let document: object = {};
    for (let depth = 0; depth < 150; depth += 1) document = { a: document };
    expect(project({ v: document }, ['JSONB', 'v']).coercionErrors).toBe(0);
    for (let depth = 0; depth < 100; depth += 1) document = { a: document };
    expect(() => project({ v: document }, ['JSONB', 'v'])).toThrow(DocumentError);
  });

  test('keeps keys that have a special meaning elsewhere', () => {
    const json = '{"$date":"hello","$oid":1,"_bsontype":"foo","__proto__":{"x":1},"toJSON":2}';
    // The official library refuses to write `_bsontype`; other drivers do not.
    const bytes = Buffer.from(serialize({ v: JSON.parse(json.replace('_bsontype', '_bsontypX')) }));
    bytes[bytes.indexOf('_bsontypX') + 8] = 'e'.charCodeAt(0);
    const { data } = compileProjection(columnsOf([['JSONB', 'v']])).project(bytes);
    expect(decodeRow(data, ['JSONB'])).toEqual([json]);
  });
});
