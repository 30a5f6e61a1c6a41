import { Binary, Decimal128, type Document, Double, Int32, Long, ObjectId } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { letsThrough } from '../prove/oracle/filter.ts';
import { expectedMasked, type Mask } from '../prove/oracle/mask.ts';

const seven = { a: new Int32(7) };
const large = { a: Long.fromBigInt(2n ** 53n + 1n) };
const notANumber = { a: new Double(Number.NaN) };
const list = { a: [new Int32(1), 'text'] };

describe('the filter of the proof decides as the manual of MongoDB says', () => {
  const cases: readonly [object, Document, boolean][] = [
    [{ a: 7 }, seven, true],
    [{ a: { $numberDecimal: '7' } }, seven, true],
    [{ a: 8 }, seven, false],
    [{ a: null }, {}, true],
    [{ a: { $ne: null } }, { a: null }, false],
    [{ a: { $exists: true } }, { a: null }, true],
    [{ a: { $exists: false } }, {}, true],
    [{ a: { $gt: 5, $lt: 7 } }, seven, false],
    [{ a: { $gt: { $numberLong: '9007199254740992' } } }, large, true],
    [{ a: { $gt: { $numberLong: '9007199254740993' } } }, large, false],
    [{ a: { $gt: 19.5 } }, { a: Decimal128.fromString('19.99') }, true],
    [{ a: { $gte: 5 } }, { a: '7' }, false],
    [{ a: { $lte: 5 } }, notANumber, false],
    [{ a: { $gte: 5 } }, notANumber, false],
    [{ a: { $numberDouble: 'NaN' } }, { a: Decimal128.fromString('NaN') }, true],
    [{ a: { $lt: 0 } }, { a: new Double(Number.NEGATIVE_INFINITY) }, true],
    [{ a: { $gt: 'te' } }, { a: 'text' }, true],
    [{ a: { $lt: { $date: '1970-01-01T00:00:00Z' } } }, { a: new Date(-1) }, true],
    [{ a: 'text' }, list, true],
    [{ a: { $ne: 1 } }, list, false],
    [{ a: { $in: [2, null] } }, list, false],
    [{ a: { $nin: [2, null] } }, {}, false],
    [{ a: { $size: 2 } }, list, true],
    [{ a: { $elemMatch: { $gt: 0 } } }, list, true],
    [{ a: { $elemMatch: { $gt: 0 } } }, seven, false],
    [{ a: { $type: 'array' } }, list, true],
    [{ a: { $type: 'string' } }, list, true],
    [{ a: { $not: { $type: 'number' } } }, list, false],
    [{ a: { $type: 'binData' } }, { a: new Binary(Buffer.from('x')) }, true],
    [{ a: { $oid: '507f1f77bcf86cd799439011' } }, { a: new ObjectId('507f1f77bcf86cd799439011') }, true],
    [{ a: { $mod: [3, 1] } }, seven, true],
    [{ 'n.x': 7 }, { n: { x: new Int32(7) } }, true],
    [{ 'n.x': { $exists: false } }, { n: new Int32(5) }, true],
    [{ $or: [{ a: 8 }, { b: null }] }, seven, true],
    [{ $nor: [{ a: 8 }, { b: 1 }] }, seven, true],
    [{ $and: [{ a: 7 }, { b: 1 }] }, seven, false],
  ];
  for (const [filter, document, isLetThrough] of cases)
    test(`${JSON.stringify(filter)} ${isLetThrough ? 'lets' : 'does not let'} ${JSON.stringify(document)} through`, () => {
      expect(letsThrough(filter, document)).toBe(isLetThrough);
    });

  test('and refuses what it does not know', () => {
    expect(() => letsThrough({ a: { $where: 'x' } }, seven)).toThrow('does not know the operator $where');
    expect(() => letsThrough({ a: { $regex: 'x' } }, seven)).toThrow('compares with scalar values only');
    expect(() => letsThrough({ a: { $gt: 0 } }, { a: new Double(0.1 + 0.2) })).toThrow('cannot compare the number');
  });
});

describe('the mask of the proof keeps what the glossary says', () => {
  const hash: Mask = { kind: 'hash' };
  const redact: Mask = { kind: 'redact' };
  const cases = [
    // Computed with `openssl dgst -sha256 -hmac`.
    ['hash', 'Text', hash, 'text', 't:01184046f019ab206409726792bfddd7d768b199e0410ace78a1380118485164'],
    ['redact', 'Text', redact, 'text', 't:[redacted]'],
    ['redact', 'JSONB', redact, 'text', 't:"[redacted]"'],
    ['redact', 'Integer', redact, new Int32(7), 'null'],
    ['truncate', 'Text', { kind: 'truncate', length: 2 }, '😀é!', 't:😀é'],
    ['redact', 'JSONB', redact, null, 't:null'],
    ['hash', 'Text', hash, null, 'null'],
    ['redact', 'Any', redact, undefined, 'null'],
  ] as const;
  for (const [name, type, mask, value, kept] of cases)
    test(`${name} of ${String(value)} in a column of the type ${type}`, () => {
      expect(expectedMasked(value, type, mask)).toBe(kept);
    });
});
