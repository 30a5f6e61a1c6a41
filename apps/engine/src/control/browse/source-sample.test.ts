import { Binary, Decimal128, Double, Int32, Long, ObjectId, serialize } from 'bson';
import { expect, test } from 'vitest';
import { describeSample, suggestType } from './source-sample.ts';

const pathsOf = (...documents: object[]) => {
  const view = describeSample(documents.map((document) => serialize(document)));
  return new Map(view.paths.map((path) => [path.path, path]));
};

test('lists paths with their presence, BSON types and a suggested column type', () => {
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

test('shows no example of a field that an entity masks, of what contains it and of what it contains', () => {
  const document = { tax: { id: 'DE123', country: 'DE' }, 'e.mail': 'a@b.example', email: 'c@d.example' };
  const examples = (masked: readonly string[]) =>
    Object.fromEntries(describeSample([serialize(document)], masked).paths.map(({ path, example }) => [path, example]));
  const shown = { tax: null, '"e.mail"': 'a@b.example', email: 'c@d.example' };
  expect(examples(['tax.id'])).toEqual({ ...shown, 'tax.id': null, 'tax.country': 'DE' });
  expect(examples(['tax', '"e.mail"'])).toEqual({ ...shown, 'tax.id': null, 'tax.country': null, '"e.mail"': null });
  expect(new Set(Object.values(examples(['$'])))).toEqual(new Set([null]));
});

test('quotes a field name that contains a dot', () => {
  expect([...pathsOf({ 'net.eur': 5 }).keys()]).toEqual(['"net.eur"']);
});

test('never suggests a type that rounds an exact number', () => {
  expect(pathsOf({ n: Long.fromString('9007199254740993') }).get('n')?.suggestedType).toBe('Integer');
  expect(pathsOf({ n: Decimal128.fromString('0.1') }).get('n')?.suggestedType).toBe('Text');
  expect(pathsOf({ n: new Binary(Buffer.alloc(16), 4) }).get('n')?.suggestedType).toBe('Text');
});

test('suggests Any if no narrower type holds all values', () => {
  expect(suggestType(['string', 'int'])).toBe('Any');
  expect(suggestType(['int', 'null'])).toBe('Integer');
  expect(suggestType(['regex'])).toBe('Any');
  expect(suggestType(['null'])).toBe('Any');
});

test('treats user data that imitates a BSON type as an object, and skips bytes that are not BSON', () => {
  const disguised = Buffer.from(serialize({ a: { Xbsontype: 'ObjectId', id: 1 } }));
  disguised[disguised.indexOf('Xbsontype')] = '_'.charCodeAt(0);
  expect(describeSample([disguised]).paths.find(({ path }) => path === 'a')?.suggestedType).toBe('JSONB');
  expect(describeSample([Buffer.from('rubbish')])).toEqual({ sampled: 0, paths: [] });
});
