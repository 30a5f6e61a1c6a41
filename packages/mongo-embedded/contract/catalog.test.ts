import { Binary, type Document, Long } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, create, drop, dropDatabase, renameCollection, listCollections, listDatabases, collMod, collStats, dbStats.
const server = useServer();

describe('collections', () => {
  test('are listed with type, options, id and _id index', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items', { changeStreamPreAndPostImages: { enabled: true } });
    const [info] = (await scratch.db.listCollections().toArray()) as Document[];
    expect(info).toMatchObject({
      name: 'items',
      type: 'collection',
      options: { changeStreamPreAndPostImages: { enabled: true } },
      info: { readOnly: false },
      idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
    });
    expect(info?.['info'].uuid).toBeInstanceOf(Binary);
    expect(info?.['info'].uuid.sub_type).toBe(4);
  });

  test('are listed by filter and by name alone', async () => {
    await using scratch = freshDatabase(server().client);
    for (const name of ['a', 'b', 'ab']) await scratch.db.createCollection(name);
    const found = await scratch.db.listCollections({ name: /^a/ }, { nameOnly: true }).toArray();
    expect(found.map(({ name }) => name).sort()).toEqual(['a', 'ab']);
    expect(Object.keys(found[0] ?? {}).sort()).toEqual(['name', 'type']);
  });

  test('get a new UUID when they are recreated, and keep it when they are renamed', async () => {
    await using scratch = freshDatabase(server().client);
    const idOf = async (name: string): Promise<string> => {
      const [info] = (await scratch.db.listCollections({ name }).toArray()) as Document[];
      return info?.['info'].uuid.toString('hex');
    };
    await scratch.items.insertOne({});
    const first = await idOf('items');
    await scratch.items.rename('moved');
    expect(await idOf('moved')).toBe(first);
    await scratch.collection('moved').drop();
    await scratch.items.insertOne({});
    expect(await idOf('items')).not.toBe(first);
  });

  test('are created by the first insert, upsert or index', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.collection('a').insertOne({});
    await scratch.collection('b').updateOne({ _id: 1 }, { $set: { x: 1 } }, { upsert: true });
    await scratch.collection('c').createIndex({ x: 1 });
    await scratch.collection('d').updateOne({ _id: 1 }, { $set: { x: 1 } });
    const names = (await scratch.db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
    expect(names.sort()).toEqual(['a', 'b', 'c']);
  });

  test('cannot be created again with different options', async () => {
    // Source: manual, create: the same options again is no error since 7.0; otherwise NamespaceExists 48.
    await using scratch = freshDatabase(server().client);
    await scratch.db.command({ create: 'items' });
    expect(await scratch.db.command({ create: 'items' })).toMatchObject({ ok: 1 });
    const other = scratch.db.command({ create: 'items', changeStreamPreAndPostImages: { enabled: true } });
    expect((await failureOf(other)).code).toBe(48);
  });

  test('with names that MongoDB does not allow are refused', async () => {
    // Source: manual, "Naming Restrictions"; InvalidNamespace 73.
    await using scratch = freshDatabase(server().client);
    for (const name of ['', 'a$b', '.a', 'a.']) {
      expect((await failureOf(scratch.db.command({ create: name }))).code, name).toBe(73);
    }
  });

  test('are renamed, onto an existing one only with dropTarget', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    await scratch.collection('target').insertOne({ _id: 2 });
    expect((await failureOf(scratch.items.rename('target'))).code).toBe(48);
    await scratch.items.rename('target', { dropTarget: true });
    expect(await scratch.collection('target').find().toArray()).toEqual([{ _id: 1 }]);
    expect((await failureOf(scratch.items.rename('again'))).code).toBe(26);
  });

  test('are renamed into another database', async () => {
    await using scratch = freshDatabase(server().client);
    await using other = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    const command = { renameCollection: `${scratch.name}.items`, to: `${other.name}.items` };
    await server().client.db('admin').command(command);
    expect(await other.items.find().toArray()).toEqual([{ _id: 1 }]);
    expect(await scratch.items.countDocuments()).toBe(0);
  });

  test('are dropped; dropping one that does not exist is not an error', async () => {
    // Source: manual, drop: since 7.0 no error for a collection that does not exist.
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    expect(await scratch.db.command({ drop: 'items' })).toMatchObject({
      ok: 1,
      nIndexesWas: 1,
      ns: `${scratch.name}.items`,
    });
    expect(await scratch.db.command({ drop: 'items' })).toMatchObject({ ok: 1 });
  });
});

describe('databases', () => {
  test('are listed while they have a collection', async () => {
    await using scratch = freshDatabase(server().client);
    const names = async (): Promise<string[]> =>
      (await server().client.db().admin().listDatabases()).databases.map(({ name }) => name);
    expect(await names()).not.toContain(scratch.name);
    await scratch.items.insertOne({});
    expect(await names()).toContain(scratch.name);
    const { databases } = await server()
      .client.db()
      .admin()
      .listDatabases({ filter: { name: scratch.name } });
    expect(databases).toHaveLength(1);
    expect(databases[0]).toMatchObject({ name: scratch.name, empty: false });
    expect(await scratch.db.command({ dropDatabase: 1 })).toMatchObject({ ok: 1, dropped: scratch.name });
    expect(await names()).not.toContain(scratch.name);
    expect(await scratch.db.command({ dropDatabase: 1 })).toMatchObject({ ok: 1 });
  });

  test('report their size and counts', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ a: 1 }, { a: 2 }]);
    await scratch.items.createIndex({ a: 1 });
    expect(await scratch.db.command({ dbStats: 1 })).toMatchObject({
      db: scratch.name,
      collections: 1,
      objects: 2,
      indexes: 2,
    });
    const stats = await scratch.db.command({ collStats: 'items' });
    expect(stats).toMatchObject({ ns: `${scratch.name}.items`, count: 2, nindexes: 2 });
    expect(stats['size']).toBeGreaterThan(0);
  });

  test('cannot have names that differ only in case', async () => {
    // Source: manual, "Database Name Case Sensitivity"; DatabaseDifferCase 13297.
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    const other = server().client.db(scratch.name.toUpperCase());
    expect((await failureOf(other.collection('items').insertOne({}))).code).toBe(13297);
  });
});

describe('collMod', () => {
  test('changes options', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    await scratch.db.command({ collMod: 'items', changeStreamPreAndPostImages: { enabled: true } });
    const [info] = (await scratch.db.listCollections().toArray()) as Document[];
    expect(info?.['options']).toEqual({ changeStreamPreAndPostImages: { enabled: true } });
  });

  test('of a collection that does not exist is refused', async () => {
    await using scratch = freshDatabase(server().client);
    expect((await failureOf(scratch.db.command({ collMod: 'items' }))).code).toBe(26);
  });
});

describe('a field of the wrong type', () => {
  // Sources: IDL parser, TypeMismatch 14 and a missing required field, 40414; collMod: expireAfterSeconds, InvalidOptions 72.
  test('in an index specification is refused', async () => {
    await using scratch = freshDatabase(server().client);
    for (const option of [{ partialFilterExpression: 5 }, { collation: 'x' }, { unique: 'x' }, { sparse: [] }]) {
      const indexes = [{ key: { a: 1 }, name: 'a', ...option }];
      const code = (await failureOf(scratch.db.command({ createIndexes: 'items', indexes }))).code;
      expect(code, JSON.stringify(option)).toBe(14);
    }
  });

  test('in the options of a collection is refused', async () => {
    await using scratch = freshDatabase(server().client);
    const options = [{ collation: 5 }, { changeStreamPreAndPostImages: { enabled: 'zz' } }, { viewOn: 5 }];
    for (const option of options) {
      const code = (await failureOf(scratch.db.command({ create: 'items', ...option }))).code;
      expect(code, JSON.stringify(option)).toBe(14);
    }
    await scratch.db.createCollection('items');
    const change = { collMod: 'items', changeStreamPreAndPostImages: { enabled: 'zz' } };
    expect((await failureOf(scratch.db.command(change))).code).toBe(14);
  });

  test('in the specification of a clustered index is refused', async () => {
    await using scratch = freshDatabase(server().client);
    const complete = { key: { _id: 1 }, unique: true, name: 'x', v: 2 };
    for (const wrong of [{ key: 5 }, { unique: 'x' }, { name: 5 }, { v: 'x' }]) {
      const clusteredIndex = { ...complete, ...wrong };
      const code = (await failureOf(scratch.db.command({ create: 'items', clusteredIndex }))).code;
      expect(code, JSON.stringify(wrong)).toBe(14);
    }
    for (const clusteredIndex of [5, 'x', [complete]]) {
      const code = (await failureOf(scratch.db.command({ create: 'items', clusteredIndex }))).code;
      expect(code, JSON.stringify(clusteredIndex)).toBe(14);
    }
    await scratch.db.command({ create: 'items', clusteredIndex: complete });
  });

  test('does not widen a delete to the whole collection', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ _id: 1 }, { _id: 2 }]);
    const statement = { delete: 'items', deletes: [{ q: null, limit: 0 }] };
    await expect(scratch.db.command(statement)).rejects.toThrow("'delete.deletes.q' is missing but a required field");
    expect(await scratch.items.countDocuments()).toBe(2);
  });

  test('or out of range in expireAfterSeconds is refused', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.createIndex({ a: 1 }, { name: 'a', expireAfterSeconds: 5 });
    const change = { collMod: 'items', index: { name: 'a', expireAfterSeconds: Long.MAX_VALUE } };
    expect((await failureOf(scratch.db.command(change))).code).toBe(72);
  });
});
