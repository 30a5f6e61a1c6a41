import { Binary, Decimal128, Double, Int32, Long, ObjectId, serialize } from 'bson';
import { expect, test } from 'vitest';
import { describeSample, suggestType } from './source-sample.ts';

const pathsOf = (...documents: object[]) => {
  const view = describeSample(documents.map((document) => serialize(document)));
  return new Map(view.paths.map((path) => [path.path, path]));
};

test('paths are told with their presence, types and a type that holds them', () => {
  const paths = pathsOf(
    { _id: new ObjectId(), total: new Double(1.5), customer: { city: 'Berlin' }, tags: ['a'], paid: true },
    { _id: new ObjectId(), total: new Int32(2), customer: { city: null } },
  );
  expect(paths.get('total')).toMatchObject({ presence: 1, suggestedType: 'Number' });
  expect(paths.get('customer')).toMatchObject({ suggestedType: 'JSONB' });
  expect(paths.get('customer.city')).toMatchObject({ presence: 1, suggestedType: 'Text', example: 'Berlin' });
  expect(paths.get('tags')).toMatchObject({ presence: 0.5, suggestedType: 'JSONB' });
  expect(paths.get('paid')).toMatchObject({ suggestedType: 'Bool' });
  expect(paths.get('_id')?.types).toEqual([{ type: 'objectId', share: 1 }]);
});

test('a name that holds a dot is suggested as a path that can be read back', () => {
  expect([...pathsOf({ 'net.eur': 5 }).keys()]).toEqual(['"net.eur"']);
});

test('exact numbers are never suggested a type that rounds them', () => {
  expect(pathsOf({ n: Long.fromString('9007199254740993') }).get('n')?.suggestedType).toBe('Integer');
  expect(pathsOf({ n: Decimal128.fromString('0.1') }).get('n')?.suggestedType).toBe('Text');
  expect(pathsOf({ n: new Binary(Buffer.alloc(16), 4) }).get('n')?.suggestedType).toBe('Text');
});

test('types that no narrow column holds together become Any', () => {
  expect(suggestType(['string', 'int'])).toBe('Any');
  expect(suggestType(['int', 'null'])).toBe('Integer');
  expect(suggestType(['regex'])).toBe('Any');
  expect(suggestType(['null'])).toBe('Any');
});

test('user data that looks like a BSON type, and bytes that are no BSON, do no harm', () => {
  const disguised = Buffer.from(serialize({ a: { Xbsontype: 'ObjectId', id: 1 } }));
  disguised[disguised.indexOf('Xbsontype')] = '_'.charCodeAt(0);
  expect(describeSample([disguised]).paths.find(({ path }) => path === 'a')?.suggestedType).toBe('JSONB');
  expect(describeSample([Buffer.from('rubbish')])).toEqual({ sampled: 0, paths: [] });
});
