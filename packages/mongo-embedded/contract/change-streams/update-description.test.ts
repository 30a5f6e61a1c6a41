import type { Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, "update Event"; mongodb/mongo jstests/change_streams/expanded_update_description.js;
// src/mongo/db/update/document_diff_calculator.h (what an update logs).
const LARGE = '*'.repeat(128);
const server = useServer();

/** The description that one update of one document gives, with showExpandedEvents. */
async function describeUpdate(
  document: Document,
  update: Document | Document[],
  options: Document = {},
): Promise<Document> {
  await using scratch = freshDatabase(server().client);
  await scratch.items.insertOne({ _id: 100, ...document });
  await using stream = await ChangeStreamReader.open({
    database: scratch.db,
    collection: 'items',
    options: { showExpandedEvents: true },
  });
  await scratch.items.updateOne({ _id: 100 }, update, options);
  const event = await stream.next();
  expect(event['operationType']).toBe('update');
  return event['updateDescription'] as Document;
}

function description(parts: Document): Document {
  return { updatedFields: {}, removedFields: [], truncatedArrays: [], disambiguatedPaths: {}, ...parts };
}

describe('the description of an update', () => {
  test('names changed fields by dotted path', async () => {
    const found = await describeUpdate({ a: { b: 1, c: LARGE } }, { $set: { 'a.b': 2 } });
    expect(found).toEqual(description({ updatedFields: { 'a.b': 2 } }));
  });

  test('names an array element by its index', async () => {
    const document = { list: [{ sub: [0, [0, [{ bottom: [1, 2, LARGE] }]], 2, 3, LARGE] }] };
    const found = await describeUpdate(document, { $set: { 'list.0.sub.1.1.0.bottom.2': 3 } });
    expect(found).toEqual(description({ updatedFields: { 'list.0.sub.1.1.0.bottom.2': 3 } }));
  });

  test('names removed fields', async () => {
    const found = await describeUpdate({ a: 1, b: { c: 1, d: LARGE } }, { $unset: { a: '', 'b.c': '' } });
    expect(found).toEqual(description({ removedFields: ['a', 'b.c'] }));
  });

  test('names an appended element by its index', async () => {
    const found = await describeUpdate({ tags: ['a', 'b'] }, { $push: { tags: 'c' } });
    expect(found).toEqual(description({ updatedFields: { 'tags.2': 'c' } }));
  });

  test('tells a shortened array by its new size', async () => {
    const found = await describeUpdate({ list: [LARGE, 1] }, [
      { $replaceWith: { $setField: { field: 'list', input: '$$ROOT', value: [LARGE] } } },
    ]);
    expect(found).toEqual(description({ truncatedArrays: [{ field: 'list', newSize: 1 }] }));
  });

  test('tells an array that is set as a whole as a whole', async () => {
    const found = await describeUpdate({ list: [0, 1, 2, 3] }, { $set: { list: [0] } });
    expect(found).toEqual(description({ updatedFields: { list: [0] } }));
  });

  test('tells $inc and $rename by their outcome', async () => {
    const found = await describeUpdate({ n: 1, old: 'x' }, { $inc: { n: 5 }, $rename: { old: 'fresh' } });
    expect(found).toEqual(description({ updatedFields: { fresh: 'x', n: 6 }, removedFields: ['old'] }));
  });

  test('tells an element chosen by an array filter', async () => {
    const found = await describeUpdate(
      {
        items: [
          { k: 1, v: 0, pad: LARGE },
          { k: 2, v: 0, pad: LARGE },
        ],
      },
      { $set: { 'items.$[chosen].v': 9 } },
      { arrayFilters: [{ 'chosen.k': 2 }] },
    );
    expect(found).toEqual(description({ updatedFields: { 'items.1.v': 9 } }));
  });

  test('tells a pipeline update by what differs', async () => {
    const found = await describeUpdate({ a: 1, b: 2, pad: LARGE }, [{ $set: { a: 5, c: '$b' } }, { $unset: 'b' }]);
    expect(found).toEqual(description({ updatedFields: { a: 5, c: 2 }, removedFields: ['b'] }));
  });
});

describe('paths that could be read in two ways', () => {
  test('a numeric field name below an array is told from an index', async () => {
    const document = { list: [[{ '0': 'numeric', a: { 'b.c': 1 }, field: LARGE }]] };
    const found = await describeUpdate(document, { $set: { 'list.0.0.1': { 'b.c': 1 } } });
    expect(found).toEqual(
      description({
        updatedFields: { 'list.0.0.1': { 'b.c': 1 } },
        disambiguatedPaths: { 'list.0.0.1': ['list', 0, 0, '1'] },
      }),
    );
  });

  test('a numeric field name in a document is text', async () => {
    const document = { object: { '0': { '1': 'numeric', field: LARGE } } };
    const found = await describeUpdate(document, { $set: { 'object.0.1': 'updated' } });
    expect(found).toEqual(
      description({
        updatedFields: { 'object.0.1': 'updated' },
        disambiguatedPaths: { 'object.0.1': ['object', '0', '1'] },
      }),
    );
  });

  test('a field name with dots is one part', async () => {
    const found = await describeUpdate({ pad: LARGE }, [
      { $replaceWith: { $setField: { field: 'new.Field.', input: '$$ROOT', value: 1 } } },
    ]);
    expect(found).toEqual(
      description({ updatedFields: { 'new.Field.': 1 }, disambiguatedPaths: { 'new.Field.': ['new.Field.'] } }),
    );
  });
});
