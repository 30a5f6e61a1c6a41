import { type Document, MongoBulkWriteError, MongoClientBulkWriteError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase, type Item } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, insert, update, delete, bulkWrite (database commands), "Bulk Write Operations".
const server = useServer();

async function bulkFailure(promise: Promise<unknown>): Promise<MongoBulkWriteError> {
  const error = await failureOf(promise);
  if (error instanceof MongoBulkWriteError) return error;
  throw new Error('expected a bulk write error', { cause: error });
}

describe('an ordered insert', () => {
  test('stops at the first error and reports its index', async () => {
    await using scratch = freshDatabase(server().client);
    const reply = await scratch.db.command({
      insert: 'items',
      documents: [{ _id: 1 }, { _id: 1, second: true }, { _id: 2 }],
    });
    expect(reply).toMatchObject({ ok: 1, n: 1 });
    expect(reply['writeErrors']).toHaveLength(1);
    expect(reply['writeErrors'][0]).toMatchObject({
      index: 1,
      code: 11000,
      keyPattern: { _id: 1 },
      keyValue: { _id: 1 },
    });
    expect(reply['writeErrors'][0].errmsg).toMatch(
      /^E11000 duplicate key error collection: .+\.items index: _id_ dup key: /,
    );
    expect(await scratch.items.countDocuments()).toBe(1);
  });
});

describe('an unordered insert', () => {
  test('continues after an error and reports each by its index', async () => {
    await using scratch = freshDatabase(server().client);
    const documents = [{ _id: 1 }, { _id: 1 }, { _id: 2 }, { _id: 2 }, { _id: 3 }];
    const reply = await scratch.db.command({ insert: 'items', documents, ordered: false });
    expect(reply['n']).toBe(3);
    expect(reply['writeErrors'].map(({ index, code }: Document) => [index, code])).toEqual([
      [1, 11000],
      [3, 11000],
    ]);
  });
});

describe('update and delete statements', () => {
  test('count what matched, what changed and what was upserted', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([
      { _id: 1, a: 1 },
      { _id: 2, a: 2 },
    ]);
    const reply = await scratch.db.command({
      update: 'items',
      updates: [
        { q: { _id: 1 }, u: { $set: { a: 1 } } },
        { q: {}, u: { $inc: { b: 1 } }, multi: true },
        { q: { _id: 3 }, u: { $set: { c: 1 } }, upsert: true },
        { q: { _id: 'none' }, u: { $set: { c: 1 } } },
      ],
    });
    expect(reply).toMatchObject({ ok: 1, n: 4, nModified: 2, upserted: [{ index: 2, _id: 3 }] });
  });

  test('report errors together with the statements that succeeded, ordered and unordered', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([
      { _id: 1, a: 'text' },
      { _id: 2, a: 1 },
    ]);
    const updates = [
      { q: { _id: 1 }, u: { $inc: { a: 1 } } },
      { q: { _id: 2 }, u: { $inc: { a: 1 } } },
    ];
    const ordered = await scratch.db.command({ update: 'items', updates });
    expect(ordered).toMatchObject({ n: 0, nModified: 0 });
    expect(ordered['writeErrors'][0]).toMatchObject({ index: 0, code: 14 });
    const unordered = await scratch.db.command({ update: 'items', updates, ordered: false });
    expect(unordered).toMatchObject({ n: 1, nModified: 1 });
  });

  test('delete one document or all', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ a: 1 }, { a: 1 }, { a: 1 }, { a: 2 }]);
    expect(await scratch.db.command({ delete: 'items', deletes: [{ q: { a: 1 }, limit: 1 }] })).toMatchObject({ n: 1 });
    expect(await scratch.db.command({ delete: 'items', deletes: [{ q: { a: 1 }, limit: 0 }] })).toMatchObject({ n: 2 });
    expect(await scratch.items.countDocuments()).toBe(1);
  });

  test('refuse malformed statements', async () => {
    await using scratch = freshDatabase(server().client);
    // Sources: delete: limit must be 0 or 1, FailedToParse 9; insert: empty batch is InvalidLength 16.
    expect((await failureOf(scratch.db.command({ delete: 'items', deletes: [{ q: {}, limit: 5 }] }))).code).toBe(9);
    expect((await failureOf(scratch.db.command({ insert: 'items', documents: [] }))).code).toBe(16);
    expect((await failureOf(scratch.db.command({ update: 'items', updates: [] }))).code).toBe(16);
    expect((await failureOf(scratch.db.command({ insert: 'items', documents: [5] }))).code).toBe(14);
    expect((await failureOf(scratch.db.command({ insert: 'items' }))).code).toBe(40414);
    expect((await failureOf(scratch.db.command({ insert: 5, documents: [{}] }))).code).toBe(73);
  });
});

describe('a bulk write by the driver', () => {
  test('mixes operations and counts them', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
    const result = await scratch.items.bulkWrite([
      { insertOne: { document: { _id: 4 } } },
      { updateOne: { filter: { _id: 1 }, update: { $set: { a: 1 } } } },
      { updateMany: { filter: { _id: { $in: [2, 3] } }, update: { $set: { b: 1 } } } },
      { replaceOne: { filter: { _id: 9 }, replacement: { r: 1 }, upsert: true } },
      { deleteOne: { filter: { _id: 3 } } },
      { deleteMany: { filter: { b: 1 } } },
    ]);
    expect(result).toMatchObject({
      insertedCount: 1,
      matchedCount: 3,
      modifiedCount: 3,
      upsertedCount: 1,
      deletedCount: 2,
    });
    expect(result.upsertedIds).toEqual({ 3: 9 });
    expect(await scratch.items.find({}, { sort: { _id: 1 } }).toArray()).toEqual([
      { _id: 1, a: 1 },
      { _id: 4 },
      { _id: 9, r: 1 },
    ]);
  });

  test('of many documents writes all of them', async () => {
    await using scratch = freshDatabase(server().client);
    const documents: Item[] = Array.from({ length: 5_000 }, (_, index) => ({ _id: index, pad: 'x'.repeat(50) }));
    expect((await scratch.items.insertMany(documents)).insertedCount).toBe(5_000);
    expect(await scratch.items.countDocuments()).toBe(5_000);
  });

  test('unordered reports every error', async () => {
    await using scratch = freshDatabase(server().client);
    const failure = await bulkFailure(
      scratch.items.insertMany([{ _id: 1 }, { _id: 1 }, { _id: 2 }, { _id: 1 }], { ordered: false }),
    );
    expect([failure.writeErrors].flat().map(({ index }) => index)).toEqual([1, 3]);
    expect(failure.insertedCount).toBe(2);
  });
});

describe('the bulkWrite command over several collections', () => {
  // Source: manual, bulkWrite (new in 8.0).
  test('returns a cursor with one result for each operation', async () => {
    await using scratch = freshDatabase(server().client);
    const namespace = `${scratch.name}.items`;
    const result = await server().client.bulkWrite(
      [
        { name: 'insertOne', namespace, document: { _id: 1 } as Document },
        { name: 'insertOne', namespace: `${scratch.name}.other`, document: { _id: 2 } as Document },
        { name: 'updateOne', namespace, filter: { _id: 1 as never }, update: { $set: { a: 1 } } },
        { name: 'updateOne', namespace, filter: { _id: 5 as never }, update: { $set: { a: 1 } }, upsert: true },
        { name: 'deleteMany', namespace: `${scratch.name}.other`, filter: {} },
      ],
      { verboseResults: true },
    );
    expect(result).toMatchObject({
      insertedCount: 2,
      matchedCount: 1,
      modifiedCount: 1,
      upsertedCount: 1,
      deletedCount: 1,
    });
    expect(result.updateResults?.get(3)).toMatchObject({ upsertedId: 5 });
    expect(result.deleteResults?.get(4)).toMatchObject({ deletedCount: 1 });
  });

  test('reports an error by its index and stops there when ordered', async () => {
    await using scratch = freshDatabase(server().client);
    const namespace = `${scratch.name}.items`;
    const models = [1, 1, 2].map((id) => ({
      name: 'insertOne' as const,
      namespace,
      document: { _id: id as never },
    }));
    const failure = await failureOf(server().client.bulkWrite(models));
    if (!(failure instanceof MongoClientBulkWriteError)) throw failure;
    expect([...failure.writeErrors.entries()].map(([index, { code }]) => [index, code])).toEqual([[1, 11000]]);
    expect(await scratch.items.countDocuments()).toBe(1);
  });
});
