import { Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, serialize, Timestamp, UUID } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { docIdCharsMax, docIdOfDocument } from './doc-id.ts';

/** MongoDB stores binary data of subtype 2 without comparing its two lengths. */
function invalidBinaryId(rest: object, innerLength = 7): Buffer {
  const bytes = Buffer.from(serialize({ _id: new Binary(Buffer.from([1, 2]), 2), ...rest }));
  bytes.writeInt32LE(innerLength, bytes.indexOf('_id') + 9);
  return bytes;
}

const idOf = (id: unknown): string => docIdOfDocument(serialize({ _id: id }, { ignoreUndefined: false }));
const hex = '507f1f77bcf86cd799439011';

/** A document whose `_id` has the given type and bytes, to test bytes that no driver would write. */
function documentWithId(type: number, valueBytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32LE(4 + 1 + 4 + valueBytes.length + 1);
  return Buffer.concat([length, Buffer.from([type]), Buffer.from('_id\0'), valueBytes, Buffer.from([0])]);
}

function rawString(...utf8: number[]): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32LE(utf8.length + 1);
  return Buffer.concat([length, Buffer.from(utf8), Buffer.from([0])]);
}

describe('a DocID', () => {
  test('is the hex of an ObjectId, and a plain string unchanged', () => {
    expect(idOf(new ObjectId(hex))).toBe(hex);
    expect(idOf('order-17 (draft)')).toBe('order-17 (draft)');
  });

  test('is the same for numbers that MongoDB treats as equal, also inside a document', () => {
    for (const [ids, text] of [
      [[1, new Int32(1), Long.fromNumber(1), new Double(1), Decimal128.fromString('1.00')], 'n:1'],
      [[0, new Double(-0), Decimal128.fromString('-0E+3')], 'n:0'],
      [[new Double(NaN), Decimal128.fromString('NaN')], 'n:NaN'],
      [[new Double(-Infinity), Decimal128.fromString('-Infinity')], 'n:-Infinity'],
      [[new Double(1e22), Decimal128.fromString('1E+22')], 'n:10000000000000000000000'],
      [[new Double(0.5), Decimal128.fromString('0.50')], 'n:5e-1'],
    ] as const) {
      expect(new Set(ids.map(idOf))).toEqual(new Set([text]));
    }
    expect(idOf({ a: 1 })).toBe(idOf({ a: Decimal128.fromString('1.0') }));
    // The double 0.1 and the Decimal128 0.1 are different values in MongoDB.
    expect(idOf(0.1)).not.toBe(idOf(Decimal128.fromString('0.1')));
  });

  test('differs for all values that MongoDB treats as different', () => {
    const different: unknown[] = [
      ...[
        null,
        true,
        false,
        '',
        ' ',
        ' a',
        'a',
        'A',
        'a\0b',
        'a\0c',
        '\ufffd',
        'é',
        'e\u0301',
        '1',
        'n:1',
        's:',
        'null',
        'true',
      ],
      ...[hex, new ObjectId(hex), hex.toUpperCase(), `i:${hex}`, `s:${hex}`, 'h:0', '%41', 's:%41'],
      ...[
        1,
        2,
        1.5,
        -1,
        2 ** 53 - 1,
        Long.fromString('9007199254740993'),
        new Double(2 ** 53),
        Long.MAX_VALUE,
        Long.MIN_VALUE,
      ],
      ...[5e-324, 1.7976931348623157e308, Infinity, -Infinity, NaN, 0],
      ...[
        new Date(0),
        new Date(1),
        new Date(-1),
        Timestamp.fromBits(0, 0),
        Timestamp.fromBits(0, 1),
        Timestamp.fromBits(1, 0),
      ],
      ...[
        {},
        { a: 1 },
        { a: 2 },
        { b: 1 },
        { a: 1, b: 2 },
        { b: 2, a: 1 },
        { a: { b: 1 } },
        { a: 'b' },
        { a: [1] },
        { a: [] },
      ],
      ...[
        new Map([
          ['2', 1],
          ['1', 1],
        ]),
        new Map([
          ['1', 1],
          ['2', 1],
        ]),
        { 'a,b': 1 },
        { 'a=n:1,b': 1 },
        { a: 'n:1' },
        { a: null },
        { a: hex },
        { a: new ObjectId(hex) },
      ],
      ...[new UUID('00112233-4455-6677-8899-aabbccddeeff'), '00112233-4455-6677-8899-aabbccddeeff'],
      ...[0, 2, 3, 128].map((subtype) => new Binary(Buffer.alloc(16, 7), subtype)),
      ...[new Binary(Buffer.from([0xff])), new Binary(Buffer.from([0xfe])), new Binary(Buffer.alloc(0))],
      ...[new MinKey(), new MaxKey(), 'x'.repeat(docIdCharsMax), 'x'.repeat(docIdCharsMax + 1), 'x'.repeat(100_000)],
    ];
    const ids = different.map(idOf);
    expect(new Set(ids).size).toBe(different.length);
    for (const id of ids) {
      expect(id).toMatch(/^[ -~]+$/);
      expect(id.length).toBeLessThanOrEqual(docIdCharsMax);
    }
  });

  test('distinguishes strings that are not valid UTF-8', () => {
    const ids = [[0xff], [0xfe], [0xef, 0xbf, 0xbd], [0xed, 0xa0, 0xbd], [0xed, 0xa0, 0xbc]].map((utf8) =>
      docIdOfDocument(documentWithId(0x02, rawString(...utf8))),
    );
    expect(new Set(ids).size).toBe(5);
  });

  test('is the same for an event and its document, and injective on strings and nested values', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null), tie('document')),
      document: fc.dictionary(
        fc.string({ unit: 'grapheme' }).filter((name) => !name.includes('\0')),
        tie('value'),
        { noNullPrototype: true },
      ),
    })).value;
    fc.assert(
      fc.property(value, value, (left, right) => {
        const isSame = Buffer.from(serialize({ v: left })).equals(Buffer.from(serialize({ v: right })));
        expect(idOf(left) === idOf(right)).toBe(isSame);
        expect(docIdOfDocument(serialize({ before: 1, _id: left, after: 'x' }))).toBe(idOf(left));
      }),
    );
  });

  test('of an _id with invalid bytes is a hash of them, the same in the event and the document', () => {
    const ids = [invalidBinaryId({ a: 1 }), invalidBinaryId({}), invalidBinaryId({}, 3)].map(docIdOfDocument);
    expect(ids[0]).toMatch(/^r:[0-9a-f]{64}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test('is defined for any bytes, and for a document without _id', () => {
    expect(docIdOfDocument(serialize({ id: 1 }))).toMatch(/^r:/);
    expect(docIdOfDocument(Buffer.alloc(0))).toMatch(/^r:/);
    const whole = Buffer.from(serialize({ _id: { a: [1, new Binary(Buffer.alloc(3), 2)], b: 'x' }, n: 1 }));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        expect(docIdOfDocument(bytes)).toMatch(/^[ -~]+$/);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of a string that looks like a hash of raw bytes is not that hash', () => {
    expect(idOf(docIdOfDocument(invalidBinaryId({})))).toMatch(/^s:r:/);
  });
});
