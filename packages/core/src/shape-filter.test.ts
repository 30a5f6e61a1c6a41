import { describe, expect, test } from 'vitest';
import { shapeSchema } from './shape.ts';
import { filterProblem } from './shape-filter.ts';

const shape = { entityName: 'orders', sourceName: 'shop.orders', columns: [{ name: 'n', type: 'Text', path: 'n' }] };
const problemsOf = (more: object) =>
  shapeSchema
    .safeParse({ ...shape, ...more })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('a filter', () => {
  test.each([
    { status: 'open', total: { $gte: 10 } },
    { $or: [{ a: null }, { 'b.c': { $exists: false } }], $nor: [{ d: 1 }] },
    { at: { $lt: { $date: '2026-01-01T00:00:00Z' } }, _id: { $oid: '65f0a1b2c3d4e5f601234567' } },
    { n: { $in: [1, { $numberLong: '9007199254740993' }], $not: { $mod: [4, 0] } } },
    { tags: { $all: ['a', 'b'], $size: 2 }, items: { $elemMatch: { sku: 'x', n: { $gt: 1 } } } },
    { scores: { $elemMatch: { $gte: 80, $lt: 90 } }, flags: { $bitsAllSet: 5 }, kind: { $type: 'string' } },
    { items: { $elemMatch: { $or: [{ a: 1 }, { b: 2 }] } }, 'customer.$id': 7, exact: { a: { b: [1, { c: 2 }] } } },
  ])('may be %j', (where) => {
    expect(problemsOf({ where })).toEqual([]);
  });

  test.each([
    [{ $where: 'true' }, '$where'],
    [{ $expr: { $gt: ['$a', '$b'] } }, '$expr'],
    [{ $text: { $search: 'x' } }, '$text'],
    [{ $jsonSchema: {} }, '$jsonSchema'],
    [{ place: { $near: [1, 2] } }, '$near'],
    [{ name: { $regex: '^a' } }, '$regex'],
    [{ name: { $regularExpression: { pattern: '^a', options: '' } } }, '$regularExpression'],
    [{ name: { $in: [{ $regularExpression: { pattern: 'a', options: '' } }] } }, '$regularExpression'],
    [{ $or: [{ a: { $elemMatch: { $where: '1' } } }] }, '$where'],
    [{ a: { b: { $code: 'x' } } }, '$code'],
  ])('that has %j is refused, with the operators that are allowed', (where, operator) => {
    expect(problemsOf({ where })).toEqual([
      expect.stringMatching(
        new RegExp(`^where: \\${operator} cannot be used here\\. A filter may use \\$and, .*\\$gte`),
      ),
    ]);
  });

  test.each([
    [{}, 'leave it out'],
    ['status', 'JSON object'],
    [[], 'JSON object'],
    [{ $or: [] }, 'list of conditions'],
    [{ $and: [1] }, 'must be an object'],
    [{ a: { $in: 1 } }, 'list of values'],
    [{ a: { $not: 1 } }, 'object with operators'],
    [{ a: { $lt: { $date: 'tomorrow' } } }, 'no value of Extended JSON'],
    [{ a: { $numberInt: 'ten' } }, 'no value of Extended JSON'],
    [{ a: [{ $numberDouble: '' }] }, 'no value of Extended JSON'],
    [{ a: 'x'.repeat(20_000) }, 'at most 16384'],
  ])('that is %j is refused with the reason', (where, reason) => {
    expect(problemsOf({ where })).toEqual([expect.stringContaining(reason)]);
  });

  test('has a bounded depth, however it is nested', () => {
    const nested = (wrap: (inner: object) => object) => {
      let where: object = { a: 1 };
      for (let depth = 0; depth < 40; depth += 1) where = wrap(where);
      return filterProblem(where);
    };
    expect(nested((inner) => ({ $and: [inner] }))).toContain('20 levels');
    expect(nested((inner) => ({ a: { $elemMatch: inner } }))).toContain('20 levels');
    expect(nested((inner) => ({ a: inner }))).toContain('20 levels');
  });

  test('never loses a condition: a field named __proto__ is refused, not left out', () => {
    const where: unknown = JSON.parse('{ "status": "open", "__proto__": { "secret": true } }');
    expect(problemsOf({ where })).toEqual([expect.stringContaining('__proto__')]);
  });
});
