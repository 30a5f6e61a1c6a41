import type { Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, createIndexes, dropIndexes, listIndexes, "Unique Indexes", "Sparse Indexes", "Partial Indexes".
const server = useServer();

describe('a unique index', () => {
  test('refuses equal values and names them', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.createIndex({ email: 1 }, { unique: true });
    await scratch.items.insertOne({ _id: 1, email: 'a@x' });
    const failure = await failureOf(scratch.items.insertOne({ _id: 2, email: 'a@x' }));
    expect(failure).toMatchObject({ code: 11000, keyPattern: { email: 1 }, keyValue: { email: 'a@x' } });
    expect(failure.message).toContain('index: email_1 dup key: { email: "a@x" }');
    await scratch.items.insertOne({ _id: 2, email: 'b@x' });
    expect((await failureOf(scratch.items.updateOne({ _id: 2 }, { $set: { email: 'a@x' } }))).code).toBe(11000);
    expect((await failureOf(scratch.items.replaceOne({ _id: 2 }, { email: 'a@x' }))).code).toBe(11000);
    await scratch.items.deleteOne({ _id: 1 });
    await scratch.items.updateOne({ _id: 2 }, { $set: { email: 'a@x' } });
  });

  test('treats a missing field as null, and accepts it once', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.createIndex({ a: 1 }, { unique: true });
    await scratch.items.insertOne({ _id: 1 });
    const failure = await failureOf(scratch.items.insertOne({ _id: 2, a: null }));
    expect(failure).toMatchObject({ code: 11000, keyValue: { a: null } });
  });

  test('of several fields compares them together, numbers by value', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.createIndex({ a: 1, b: -1 }, { unique: true });
    await scratch.items.insertMany([
      { a: 1, b: 1 },
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ]);
    expect((await failureOf(scratch.items.insertOne({ a: 1, b: 2 }))).code).toBe(11000);
  });

  test('compares every element of an array', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.createIndex({ tags: 1 }, { unique: true });
    await scratch.items.insertOne({ _id: 1, tags: ['a', 'b', 'a'] });
    expect((await failureOf(scratch.items.insertOne({ _id: 2, tags: ['c', 'b'] }))).code).toBe(11000);
    await scratch.items.insertOne({ _id: 3, tags: ['c'] });
  });

  test('that is sparse or partial ignores the documents that it does not cover', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.createIndex({ s: 1 }, { unique: true, sparse: true });
    await scratch.items.createIndex({ p: 1 }, { unique: true, partialFilterExpression: { on: true } });
    await scratch.items.insertMany([
      { p: 1, on: false },
      { p: 1, on: false },
      { p: 1, on: true },
    ]);
    expect((await failureOf(scratch.items.insertOne({ p: 1, on: true }))).code).toBe(11000);
  });

  test('cannot be created on documents with equal keys', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ a: 1 }, { a: 1 }]);
    expect((await failureOf(scratch.items.createIndex({ a: 1 }, { unique: true }))).code).toBe(11000);
    expect((await scratch.items.listIndexes().toArray()).map(({ name }) => name)).toEqual(['_id_']);
  });
});

describe('indexes', () => {
  test('are listed with their definition', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.createIndex({ a: 1, b: -1 }, { name: 'mine', unique: true, sparse: true });
    await scratch.items.createIndex({ at: 1 }, { expireAfterSeconds: 3600 });
    expect(await scratch.items.listIndexes().toArray()).toEqual([
      { v: 2, key: { _id: 1 }, name: '_id_' },
      { v: 2, key: { a: 1, b: -1 }, name: 'mine', unique: true, sparse: true },
      { v: 2, key: { at: 1 }, name: 'at_1', expireAfterSeconds: 3600 },
    ]);
  });

  test('report how many there were before and after', async () => {
    await using scratch = freshDatabase(server().client);
    const command: Document = { createIndexes: 'items', indexes: [{ key: { a: 1 }, name: 'a_1' }] };
    const first = await scratch.db.command(command);
    expect(first).toMatchObject({ numIndexesBefore: 1, numIndexesAfter: 2, createdCollectionAutomatically: true });
    const again = await scratch.db.command(command);
    expect(again).toMatchObject({ numIndexesBefore: 2, numIndexesAfter: 2, note: 'all indexes already exist' });
  });

  test('conflict in name or options', async () => {
    // Sources: IndexOptionsConflict 85, IndexKeySpecsConflict 86, CannotCreateIndex 67.
    await using scratch = freshDatabase(server().client);
    await scratch.items.createIndex({ a: 1 });
    expect((await failureOf(scratch.items.createIndex({ a: 1 }, { name: 'other' }))).code).toBe(85);
    expect((await failureOf(scratch.items.createIndex({ b: 1 }, { name: 'a_1' }))).code).toBe(86);
    expect((await failureOf(scratch.items.createIndex({ a: 1 }, { unique: true }))).code).toBe(86);
    expect(
      (
        await failureOf(
          scratch.db.command({ createIndexes: 'items', indexes: [{ key: { a: 'sideways' }, name: 'x' }] }),
        )
      ).code,
    ).toBe(67);
  });

  test('are dropped by name, by key, or all but _id', async () => {
    await using scratch = freshDatabase(server().client);
    for (const key of ['a', 'b', 'c', 'd']) await scratch.items.createIndex({ [key]: 1 });
    await scratch.items.dropIndex('a_1');
    await scratch.db.command({ dropIndexes: 'items', index: { b: 1 } });
    expect((await scratch.items.listIndexes().toArray()).map(({ name }) => name)).toEqual(['_id_', 'c_1', 'd_1']);
    await scratch.items.dropIndexes();
    expect((await scratch.items.listIndexes().toArray()).map(({ name }) => name)).toEqual(['_id_']);
    expect((await failureOf(scratch.items.dropIndex('a_1'))).code).toBe(27);
    expect((await failureOf(scratch.items.dropIndex('_id_'))).code).toBe(72);
    expect((await failureOf(scratch.collection('none').dropIndex('a_1'))).code).toBe(26);
  });

  test('of a collection that does not exist are not listed', async () => {
    await using scratch = freshDatabase(server().client);
    expect((await failureOf(scratch.db.command({ listIndexes: 'none' }))).code).toBe(26);
  });

  test('can be hinted; a hint of an unknown index is refused', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([
      { _id: 1, a: 2 },
      { _id: 2, a: 1 },
    ]);
    await scratch.items.createIndex({ a: 1 });
    expect(await scratch.items.find({}, { hint: { a: 1 } }).toArray()).toHaveLength(2);
    expect(await scratch.items.find({}, { hint: 'a_1' }).toArray()).toHaveLength(2);
    expect((await failureOf(scratch.items.find({}, { hint: 'none_1' }).toArray())).code).toBe(2);
  });
});
