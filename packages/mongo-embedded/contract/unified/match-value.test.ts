import { Binary, Code, Decimal128, Double, Int32, Long, ObjectId, Timestamp } from 'bson';
import { describe, expect, test } from 'vitest';
import { exactlyEqual, ValueMatcher } from './match-value.ts';

const id = new ObjectId();
const lsid = { id: new Binary(Buffer.alloc(16, 7), 4) };
const matcher = new ValueMatcher({
  bsonEntity: (name) => {
    if (name !== 'id0') throw new Error(`no entity ${name}`);
    return id;
  },
  sessionLsid: (name) => {
    if (name !== 'session0') throw new Error(`no session ${name}`);
    return lsid;
  },
});

function matches(expected: unknown, actual: unknown, isRoot = true): boolean {
  try {
    matcher.match(expected, actual, { path: 'value', isRoot });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'Mismatch') return false;
    if (error instanceof Error && error.message.includes('unexpected field')) return false;
    throw error;
  }
}

describe('documents and arrays', () => {
  test.for<[string, unknown, unknown, boolean]>([
    ['a root document may hold more fields', { x: 1 }, { x: 1, y: 2 }, true],
    ['a root document must hold the expected fields', { x: 1, y: 2 }, { x: 1 }, false],
    ['a field with the value null is not a missing field', { x: null }, {}, false],
    ['a nested document may not hold more fields', { x: { y: 1 } }, { x: { y: 1, z: 1 } }, false],
    ['a document in a nested array may not hold more fields', { x: [{ y: 1 }] }, { x: [{ y: 1, z: 1 }] }, false],
    ['the documents of a root array may hold more fields', [{ x: 1 }], [{ x: 1, y: 2 }], true],
    ['the order of keys is free', { x: { a: 1, b: 2 } }, { x: { b: 2, a: 1 } }, true],
    ['arrays have the same length', [1, 2], [1, 2, 3], false],
    ['the order of an array counts', [1, 2], [2, 1], false],
    ['an array is not a document', { 0: 1 }, [1], false],
    ['a document is not an array', [1], { 0: 1 }, false],
    ['an identifier is not a document', {}, id, false],
  ])('%s', ([_, expected, actual, holds]) => {
    expect(matches(expected, actual)).toBe(holds);
  });

  test('outside a root, the documents of an array may not hold more fields', () => {
    expect(matches([{ x: 1 }], [{ x: 1, y: 2 }], false)).toBe(false);
  });
});

describe('scalars', () => {
  test.for<[string, unknown, unknown, boolean]>([
    ['int, long and double are equal by value', 1, new Double(1), true],
    ['a long equals a number', new Long(5), 5, true],
    ['an int32 equals a long', new Int32(5), Long.fromNumber(5), true],
    ['different numbers differ', 1, 1.5, false],
    ['a decimal is no such number', 1, Decimal128.fromString('1'), false],
    ['NaN equals NaN', Number.NaN, new Double(Number.NaN), true],
    ['a text is not a number', 1, '1', false],
    ['true is not 1', true, 1, false],
    ['null is null', null, null, true],
    ['null is not nothing', null, undefined, false],
    ['timestamps compare by both parts', new Timestamp({ t: 1, i: 2 }), new Timestamp({ t: 1, i: 3 }), false],
    ['bytes compare with their subtype', new Binary(Buffer.from('a'), 0), new Binary(Buffer.from('a'), 5), false],
    ['a scope compares in any order of keys', new Code('f', { a: 1, b: 2 }), new Code('f', { b: 2, a: 1 }), true],
    ['a scope may not hold more fields', new Code('f', { a: 1 }), new Code('f', { a: 1, b: 2 }), false],
  ])('%s', ([_, expected, actual, holds]) => {
    expect(matches(expected, actual)).toBe(holds);
  });

  test('an exact comparison tells an int from a double', () => {
    expect(exactlyEqual([{ a: 1, b: 2 }], [{ b: new Int32(2), a: new Int32(1) }])).toBe(true);
    expect(exactlyEqual([{ a: 1 }], [{ a: new Double(1) }])).toBe(false);
    expect(exactlyEqual([{ a: 1 }], [{ a: 1, b: 1 }])).toBe(false);
  });
});

describe('operators', () => {
  test.for<[string, unknown, unknown, boolean]>([
    ['$$exists true with the value null', { x: { $$exists: true } }, { x: null }, true],
    ['$$exists true without the field', { x: { $$exists: true } }, {}, false],
    ['$$exists false with the value null', { x: { $$exists: false } }, { x: null }, false],
    ['$$exists false without the field', { x: { $$exists: false } }, {}, true],
    ['$$type of one name', { x: { $$type: 'string' } }, { x: 'a' }, true],
    ['$$type of several names', { x: { $$type: ['int', 'long'] } }, { x: Long.MAX_VALUE }, true],
    ['$$type without the field', { x: { $$type: 'int' } }, {}, false],
    ['$$type number', { x: { $$type: 'number' } }, { x: Decimal128.fromString('1') }, true],
    ['$$type int of a number beyond int32', { x: { $$type: 'int' } }, { x: 2 ** 31 }, false],
    ['$$type int of a fraction', { x: { $$type: 'int' } }, { x: 1.5 }, false],
    ['$$type does not look into an array', { x: { $$type: 'string' } }, { x: ['a'] }, false],
    ['$$matchesEntity', { x: { $$matchesEntity: 'id0' } }, { x: id }, true],
    ['$$matchesEntity of another value', { x: { $$matchesEntity: 'id0' } }, { x: new ObjectId() }, false],
    ['$$matchesHexBytes in either case', { $$matchesHexBytes: 'FF00' }, Buffer.from('ff00', 'hex'), true],
    ['$$matchesHexBytes of other bytes', { $$matchesHexBytes: 'FF00' }, Buffer.from('ff', 'hex'), false],
    ['$$unsetOrMatches without the field', { x: { $$unsetOrMatches: 1 } }, {}, true],
    ['$$unsetOrMatches with the field', { x: { $$unsetOrMatches: 1 } }, { x: 2 }, false],
    ['$$unsetOrMatches: null is a value', { x: { $$unsetOrMatches: 1 } }, { x: null }, false],
    ['$$unsetOrMatches of nothing at all', { $$unsetOrMatches: { x: 1 } }, undefined, true],
    ['$$unsetOrMatches keeps the root', { $$unsetOrMatches: { x: 1 } }, { x: 1, y: 1 }, true],
    ['$$sessionLsid', { lsid: { $$sessionLsid: 'session0' } }, { lsid }, true],
    ['$$sessionLsid of another session', { lsid: { $$sessionLsid: 'session0' } }, { lsid: { id } }, false],
    ['$$lte of an equal number', { x: { $$lte: 5 } }, { x: new Double(5) }, true],
    ['$$lte of a greater number', { x: { $$lte: 5 } }, { x: 6 }, false],
    ['$$lte without the field', { x: { $$lte: 5 } }, {}, false],
    ['$$lte of a text', { x: { $$lte: 5 } }, { x: '4' }, false],
    ['$$matchAsDocument', { x: { $$matchAsDocument: { a: 1 } } }, { x: '{"a":{"$numberLong":"1"}}' }, true],
    ['$$matchAsDocument allows no more fields', { x: { $$matchAsDocument: {} } }, { x: '{"a":1}' }, false],
    ['$$matchAsDocument of no text', { x: { $$matchAsDocument: {} } }, { x: {} }, false],
    ['$$matchAsRoot allows more fields', { x: { $$matchAsRoot: { a: 1 } } }, { x: { a: 1, b: 2 } }, true],
    ['$$matchAsRoot inside $$matchAsDocument', { $$matchAsDocument: { $$matchAsRoot: {} } }, '{"a":1}', true],
  ])('%s', ([_, expected, actual, holds]) => {
    expect(matches(expected, actual)).toBe(holds);
  });

  test.for<[string, unknown, RegExp]>([
    ['an unknown operator', { $$unknown: 1 }, /does not know the operator/],
    ['an unknown entity', { $$matchesEntity: 'id9' }, /no entity/],
    ['an unknown session', { $$sessionLsid: 'session9' }, /no session/],
    ['malformed bytes', { $$matchesHexBytes: 'abc' }, /not hex bytes/],
    ['$$exists of a number', { $$exists: 1 }, /takes a boolean/],
  ])('%s fails loudly, whatever the value is', ([_, expected, message]) => {
    expect(() => matches(expected, Buffer.from('ab', 'hex'))).toThrow(message);
  });
});
