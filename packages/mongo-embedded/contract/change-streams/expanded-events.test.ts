import type { Binary, Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, "Expanded Events"; mongodb/mongo jstests/change_streams/ddl_create_event.js,
// ddl_create_drop_index_events.js, ddl_coll_mod_event.js, ddl_rename_cross_db.js.
const server = useServer();

type Scratch = ReturnType<typeof freshDatabase>;

async function openExpanded(scratch: Scratch): Promise<ChangeStreamReader> {
  return ChangeStreamReader.open({ database: scratch.db, options: { showExpandedEvents: true } });
}

async function uuidOf(scratch: Scratch): Promise<string> {
  const [found] = await scratch.db.listCollections({ name: 'items' }).toArray();
  return ((found as Document)['info'].uuid as Binary).toString('hex');
}

function uuidIn(event: Document): string {
  return (event['collectionUUID'] as Binary).toString('hex');
}

const ID_INDEX = { v: 2, key: { _id: 1 }, name: '_id_' };

describe('with showExpandedEvents', () => {
  test('create tells the options of the collection', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await openExpanded(scratch);
    await scratch.db.createCollection('items');
    const event = await stream.next();
    expect(event).toMatchObject({
      operationType: 'create',
      ns: { db: scratch.name, coll: 'items' },
      operationDescription: { idIndex: ID_INDEX },
    });
    expect(uuidIn(event)).toBe(await uuidOf(scratch));
  });

  test('the first insert into a new collection is told after its create', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await openExpanded(scratch);
    await scratch.items.insertOne({ _id: 0 });
    const [create, insert] = await stream.take(2);
    expect(create).toMatchObject({ operationType: 'create', operationDescription: { idIndex: ID_INDEX } });
    expect(insert).toMatchObject({ operationType: 'insert', documentKey: { _id: 0 } });
    expect(uuidIn(insert as Document)).toBe(uuidIn(create as Document));
  });

  test('createIndexes and dropIndexes tell the index', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ a: 1 });
    await using stream = await openExpanded(scratch);
    await scratch.items.createIndex({ a: 1 }, { unique: true });
    await scratch.items.dropIndex('a_1');
    const [create, drop] = await stream.take(2);
    const indexes = [{ v: 2, key: { a: 1 }, name: 'a_1', unique: true }];
    expect(create).toMatchObject({ operationType: 'createIndexes', operationDescription: { indexes } });
    expect(drop).toMatchObject({ operationType: 'dropIndexes', operationDescription: { indexes } });
    expect(uuidIn(drop as Document)).toBe(await uuidOf(scratch));
  });

  test('two indexes made on a collection with documents are one event', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ a: 1 });
    await using stream = await openExpanded(scratch);
    await scratch.items.createIndexes([{ key: { a: 1 } }, { key: { b: -1 } }]);
    const event = await stream.next();
    expect(event['operationDescription'].indexes.map(({ name }: Document) => name)).toEqual(['a_1', 'b_-1']);
  });

  test('modify tells what collMod changed and how it was before', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ a: 1 });
    await scratch.items.createIndex({ a: 1 });
    await using stream = await openExpanded(scratch);
    await scratch.db.command({ collMod: 'items', index: { name: 'a_1', hidden: true } });
    const event = await stream.next();
    expect(event).toMatchObject({
      operationType: 'modify',
      ns: { db: scratch.name, coll: 'items' },
      operationDescription: { index: { name: 'a_1', hidden: true } },
      stateBeforeChange: { indexOptions: { hidden: false } },
    });
    expect(event['stateBeforeChange'].collectionOptions.uuid.toString('hex')).toBe(await uuidOf(scratch));
  });

  test('rename tells its options and the collection that it dropped', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    await scratch.collection('target').insertOne({});
    const [target] = await scratch.db.listCollections({ name: 'target' }).toArray();
    await using stream = await openExpanded(scratch);
    const before = await uuidOf(scratch);
    await scratch.items.rename('target', { dropTarget: true });
    const event = await stream.next();
    expect(event).toMatchObject({
      operationType: 'rename',
      ns: { coll: 'items' },
      to: { coll: 'target' },
      operationDescription: { to: { db: scratch.name, coll: 'target' } },
    });
    expect(uuidIn(event)).toBe(before);
    const { dropTarget } = event['operationDescription'];
    expect((dropTarget as Binary).toString('hex')).toBe((target as Document)['info'].uuid.toString('hex'));
  });

  test('drop tells the collection id', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    await using stream = await openExpanded(scratch);
    const before = await uuidOf(scratch);
    await scratch.items.drop();
    const event = await stream.next();
    expect(event['operationType']).toBe('drop');
    expect(uuidIn(event)).toBe(before);
  });
});

describe('without showExpandedEvents', () => {
  test('no definition of collections and indexes is told', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db });
    await scratch.db.createCollection('items');
    await scratch.items.createIndex({ a: 1 });
    await scratch.db.command({ collMod: 'items', index: { name: 'a_1', hidden: true } });
    await scratch.items.dropIndex('a_1');
    await scratch.items.insertOne({ _id: 1 });
    const event = await stream.next();
    expect(event['operationType']).toBe('insert');
    expect('collectionUUID' in event).toBe(false);
  });
});
