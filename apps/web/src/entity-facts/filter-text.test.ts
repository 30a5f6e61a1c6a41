import { expect, test } from 'vitest';
import { filterText } from './filter-text.ts';

test.each([
  [{ total: { $gte: { $numberInt: '50' } } }, '{"total":{"$gte":50}}'],
  [{ total: { $in: [{ $numberInt: '1' }, { $numberDouble: '1.5' }] } }, '{"total":{"$in":[1,1.5]}}'],
  [{ status: 'open', paid: true, note: null }, '{"status":"open","paid":true,"note":null}'],
])('numbers of a filter are shown as they are written: %j', (where, text) => {
  expect(filterText(where)).toBe(text);
});

test.each([
  { total: { $numberDouble: '50.0' } },
  { total: { $numberDouble: 'Infinity' } },
  { total: { $numberLong: '50' } },
  { total: { $numberDecimal: '0.10' } },
  { placed: { $gte: { $date: { $numberLong: '1700000000000' } } } },
  { _id: { $oid: '656a2f3e9d1c4b0012345678' } },
])('a BSON type that JSON does not have stays named: %j', (where) => {
  expect(filterText(where)).toBe(JSON.stringify(where));
});
