import { expect, test } from 'vitest';
import { selectedDocuments } from '../../control/job/document-input.ts';
import { filterOfExtendedJson, keyOfExtendedJson } from './extended-json.ts';

const parsed = (json: string): Record<string, unknown> => JSON.parse(json) as Record<string, unknown>;

test.each([
  ['a date that is none', '{"placed":{"$gte":{"$date":"tomorrow"}}}'],
  ['a date in milliseconds that are none', '{"placed":{"$gte":{"$date":{"$numberLong":"soon"}}}}'],
  ['a number that is none', '{"total":{"$numberDouble":"many"}}'],
  ['a value in a list', '{"$or":[{"total":{"$in":[{"$numberInt":"1.5"}]}}]}'],
  ['a field named __proto__', '{"__proto__":{"status":"open"},"total":1}'],
  ['a field named __proto__ inside', '{"customer":{"__proto__":1}}'],
])('%s in a query is refused instead of being read as something else', (_name, json) => {
  const { query } = selectedDocuments.parse({ query: parsed(json) }) as { query: Record<string, unknown> };
  expect(() => filterOfExtendedJson(query)).toThrowError(expect.objectContaining({ code: 'EMC-5012' }));
});

test('a query that can be read is read with its types', () => {
  const filter = filterOfExtendedJson(
    parsed('{"placed":{"$gte":{"$date":"2026-11-21T00:00:00Z"}},"total":{"$gte":5}}'),
  );
  expect(filter).toMatchObject({ placed: { $gte: new Date('2026-11-21T00:00:00Z') } });
  expect(() => selectedDocuments.parse({ query: [] })).toThrowError();
});

test('an _id that cannot be read as it is meant is refused with its place', () => {
  for (const json of ['{"_id":{"$date":"tomorrow"}}', '{"_id":{"__proto__":1}}'])
    expect(() => keyOfExtendedJson(parsed(json)['_id'], ['ids', 0])).toThrowError(
      expect.objectContaining({ code: 'EMC-5001', fields: [expect.objectContaining({ path: ['ids', 0] })] }),
    );
});
