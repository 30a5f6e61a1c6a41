import { type Binary, type Document, Timestamp } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Source of the fields and their order: manual, "Change Events" and its page for each operation type.
const server = useServer();

describe('a change stream on a collection', () => {
  test('tells an insert with its whole document', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.insertOne({ _id: 1, name: 'lamp', tags: ['a', { deep: true }] });
    const event = await stream.next();
    expect(Object.keys(event)).toEqual([
      '_id',
      'operationType',
      'clusterTime',
      'wallTime',
      'fullDocument',
      'ns',
      'documentKey',
    ]);
    expect(event).toMatchObject({
      operationType: 'insert',
      ns: { db: scratch.name, coll: 'items' },
      documentKey: { _id: 1 },
      fullDocument: { _id: 1, name: 'lamp', tags: ['a', { deep: true }] },
    });
    expect(event['clusterTime']).toBeInstanceOf(Timestamp);
    expect(event['wallTime']).toBeInstanceOf(Date);
    expect(Object.keys(event['_id'])).toEqual(['_data']);
    expect(event['_id']['_data']).toMatch(/^82[0-9A-F]+$/);
  });

  test('puts the cluster time into the token, big-endian after its first byte', async () => {
    // Source: mongodb/mongo src/mongo/db/pipeline/resume_token.h: a KeyString whose first part is the clusterTime.
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.insertOne({});
    const event = await stream.next();
    const data = String(event['_id']['_data']);
    const time = event['clusterTime'] as Timestamp;
    expect(Number.parseInt(data.slice(2, 10), 16)).toBe(time.getHighBitsUnsigned());
    expect(Number.parseInt(data.slice(10, 18), 16)).toBe(time.getLowBitsUnsigned());
  });

  test('tells an update by its description, without the document', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, kept: 1, changed: 1, gone: 1, nested: { a: 1, b: 2 } });
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.updateOne(
      { _id: 1 },
      {
        $set: { changed: 2, 'nested.a': 5, added: 'x' },
        $unset: { gone: '' },
      },
    );
    const event = await stream.next();
    expect(event['operationType']).toBe('update');
    expect('fullDocument' in event).toBe(false);
    expect(event['documentKey']).toEqual({ _id: 1 });
    expect(event['updateDescription']).toEqual({
      updatedFields: { changed: 2, 'nested.a': 5, added: 'x' },
      removedFields: ['gone'],
      truncatedArrays: [],
    });
  });

  test('tells a replacement with the new document and no description', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: 1 });
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.replaceOne({ _id: 1 }, { b: 2 });
    const event = await stream.next();
    expect(event).toMatchObject({ operationType: 'replace', fullDocument: { _id: 1, b: 2 }, documentKey: { _id: 1 } });
    expect('updateDescription' in event).toBe(false);
  });

  test('tells a delete by its key alone', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 'k', a: 1 });
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.deleteOne({ _id: 'k' });
    const event = await stream.next();
    expect(event).toMatchObject({ operationType: 'delete', documentKey: { _id: 'k' } });
    expect('fullDocument' in event).toBe(false);
  });

  test('tells an upsert that inserts as an insert', async () => {
    // Source: manual, insert event: an upsert that creates a document is an insert.
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.updateOne({ _id: 9 }, { $set: { a: 1 } }, { upsert: true });
    expect(await stream.next()).toMatchObject({ operationType: 'insert', fullDocument: { _id: 9, a: 1 } });
  });

  test('is silent about writes that change nothing', async () => {
    // Source: mongodb/mongo jstests/change_streams/change_stream.js: a no-op update gives no event.
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: 1 });
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.updateOne({ _id: 1 }, { $set: { a: 1 } });
    await scratch.items.deleteOne({ _id: 'nobody' });
    await scratch.items.updateOne({ _id: 'nobody' }, { $set: { a: 1 } });
    await scratch.items.insertOne({ _id: 'end' });
    expect((await stream.next())['documentKey']).toEqual({ _id: 'end' });
  });

  test('gives one event for each document of an update or delete of many', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([1, 2, 3].map((id): Document => ({ _id: id, group: 'g' })));
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.updateMany({ group: 'g' }, { $inc: { n: 1 } });
    await scratch.items.deleteMany({ group: 'g' });
    const events = await stream.take(6);
    expect(events.map((event) => `${event['operationType']} ${event['documentKey']._id}`)).toEqual([
      'update 1',
      'update 2',
      'update 3',
      'delete 1',
      'delete 2',
      'delete 3',
    ]);
  });

  test('tells findAndModify by what it did', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: 1 });
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.findOneAndUpdate({ _id: 1 }, { $set: { a: 2 } });
    await scratch.items.findOneAndReplace({ _id: 1 }, { b: 1 });
    await scratch.items.findOneAndDelete({ _id: 1 });
    const types = (await stream.take(3)).map((event) => event['operationType']);
    expect(types).toEqual(['update', 'replace', 'delete']);
  });

  test('does not name the collection id unless expanded events are asked for', async () => {
    // Source: manual, "showExpandedEvents"; insert event: collectionUUID is shown with it only.
    await using scratch = freshDatabase(server().client);
    await using plain = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await using expanded = await ChangeStreamReader.open({
      database: scratch.db,
      collection: 'items',
      options: { showExpandedEvents: true },
      stages: [{ $match: { operationType: 'insert' } }],
    });
    await scratch.items.insertOne({ _id: 1 });
    const [info] = await scratch.db.listCollections({ name: 'items' }).toArray();
    expect('collectionUUID' in (await plain.next())).toBe(false);
    const { collectionUUID } = await expanded.next();
    expect((collectionUUID as Binary).toString('hex')).toBe((info as Document)['info'].uuid.toString('hex'));
  });
});

describe('fullDocument updateLookup', () => {
  test('shows the document as it is when the event is read', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: 1 });
    await using stream = await ChangeStreamReader.open({
      database: scratch.db,
      collection: 'items',
      options: { fullDocument: 'updateLookup' },
    });
    await scratch.items.updateOne({ _id: 1 }, { $set: { a: 2 } });
    await scratch.items.updateOne({ _id: 1 }, { $set: { b: 3 } });
    const [first] = await stream.take(2);
    // Source: manual, "Lookup Full Document for Update Operations": the current majority-committed version.
    expect(first).toMatchObject({
      updateDescription: { updatedFields: { a: 2 } },
      fullDocument: { _id: 1, a: 2, b: 3 },
    });
  });

  test('is null after the document was deleted', async () => {
    // Source: mongodb/mongo jstests/change_streams/lookup_post_image.js.
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: 1 });
    await using stream = await ChangeStreamReader.open({
      database: scratch.db,
      collection: 'items',
      options: { fullDocument: 'updateLookup' },
    });
    await scratch.items.updateOne({ _id: 1 }, { $set: { a: 2 } });
    await scratch.items.deleteOne({ _id: 1 });
    const [update, removal] = await stream.take(2);
    expect(update?.['fullDocument']).toBeNull();
    expect(removal !== undefined && 'fullDocument' in removal).toBe(false);
  });

  test('is null after the collection was dropped and made again with the same _id', async () => {
    // Source: mongodb/mongo jstests/change_streams/lookup_post_image.js: the lookup uses the UUID of the event's collection.
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: 1 });
    await using stream = await ChangeStreamReader.open({
      database: scratch.db,
      options: { fullDocument: 'updateLookup', matchCollectionUUIDForUpdateLookup: true },
    });
    await scratch.items.updateOne({ _id: 1 }, { $set: { a: 2 } });
    await scratch.items.drop();
    await scratch.items.insertOne({ _id: 1, other: true });
    expect(await stream.next()).toMatchObject({ operationType: 'update', fullDocument: null });
  });

  test('refuses an unknown mode', async () => {
    // Source: mongodb/mongo document_source_change_stream.idl: enumeration value not valid, BadValue 2.
    await using scratch = freshDatabase(server().client);
    const open = ChangeStreamReader.open({ database: scratch.db, options: { fullDocument: 'always' } });
    await expect(open).rejects.toMatchObject({ code: 2 });
  });
});
