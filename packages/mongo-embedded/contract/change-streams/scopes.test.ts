import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { failureOf } from '../failure-of.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, "Watch a Collection, Database, or Deployment"; mongodb/mongo jstests/change_streams/
// change_stream_whole_db.js, change_stream_whole_cluster.js, invalid_namespaces.js.
const INVALID_NAMESPACE = 73;
const INVALID_OPTIONS = 72;
const server = useServer();

describe('what a stream sees', () => {
  test('is its collection alone, also where other names begin alike', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    for (const name of ['item', 'items.sub', 'itemsx', 'Items']) await scratch.collection(name).insertOne({});
    await scratch.items.insertOne({ _id: 'mine' });
    expect((await stream.next())['documentKey']).toEqual({ _id: 'mine' });
  });

  test('is every collection of its database and no other database', async () => {
    await using scratch = freshDatabase(server().client);
    await using foreign = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db });
    await scratch.collection('a').insertOne({ _id: 1 });
    await foreign.collection('a').insertOne({ _id: 2 });
    await scratch.collection('b').insertOne({ _id: 3 });
    const events = await stream.take(2);
    expect(events.map((event) => event['ns'])).toEqual([
      { db: scratch.name, coll: 'a' },
      { db: scratch.name, coll: 'b' },
    ]);
  });

  test('is every database of the cluster', async () => {
    await using one = freshDatabase(server().client);
    await using two = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({
      database: server().client.db('admin'),
      options: { allChangesForCluster: true },
      stages: [{ $match: { 'ns.db': { $in: [one.name, two.name] } } }],
    });
    await one.items.insertOne({ _id: 1 });
    await two.items.insertOne({ _id: 2 });
    await one.items.insertOne({ _id: 3 });
    const events = await stream.take(3);
    expect(events.map((event) => [event['ns'].db, event['documentKey']._id])).toEqual([
      [one.name, 1],
      [two.name, 2],
      [one.name, 3],
    ]);
  });

  test('begins with a collection or database that does not exist yet', async () => {
    // Source: mongodb/mongo jstests/change_streams/metadata_notifications.js, does_not_implicitly_create_database.js.
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    const names = await server().client.db().admin().listDatabases({ nameOnly: true });
    expect(names.databases.map(({ name }) => name)).not.toContain(scratch.name);
    await scratch.db.createCollection('items');
    await scratch.items.insertOne({ _id: 1 });
    expect(await stream.next()).toMatchObject({ operationType: 'insert' });
  });

  test('leaves out system collections and the local and config databases', async () => {
    // Source: manual, "Watch a Collection, Database, or Deployment": system collections and admin, local, config are excluded.
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({
      database: server().client.db('admin'),
      options: { allChangesForCluster: true },
    });
    await server().client.db('local').collection('startup_contract').insertOne({});
    await server().client.db('local').dropCollection('startup_contract');
    await scratch.items.insertOne({ _id: 'seen' });
    const events = await stream.takeUntil((event) => event['documentKey']?._id === 'seen');
    expect(events.filter((event) => ['local', 'config', 'admin'].includes(event['ns'].db))).toEqual([]);
  });
});

describe('a stream is refused', () => {
  test('on the cluster, when asked of another database than admin', async () => {
    // Source: mongodb/mongo document_source_change_stream.cpp: allChangesForCluster needs admin, InvalidOptions 72.
    await using scratch = freshDatabase(server().client);
    const open = ChangeStreamReader.open({ database: scratch.db, options: { allChangesForCluster: true } });
    expect((await failureOf(open)).code).toBe(INVALID_OPTIONS);
  });

  test('on the cluster, when asked of a collection', async () => {
    const open = ChangeStreamReader.open({
      database: server().client.db('admin'),
      collection: 'items',
      options: { allChangesForCluster: true },
    });
    expect((await failureOf(open)).code).toBe(INVALID_OPTIONS);
  });

  test('on the admin, local and config databases and their collections', async () => {
    for (const name of ['admin', 'local', 'config']) {
      const database = server().client.db(name);
      expect((await failureOf(ChangeStreamReader.open({ database }))).code, name).toBe(INVALID_NAMESPACE);
      const open = ChangeStreamReader.open({ database, collection: 'items' });
      expect((await failureOf(open)).code, `${name}.items`).toBe(INVALID_NAMESPACE);
    }
  });

  test('on a system collection', async () => {
    await using scratch = freshDatabase(server().client);
    const open = ChangeStreamReader.open({ database: scratch.db, collection: 'system.users' });
    expect((await failureOf(open)).code).toBe(INVALID_NAMESPACE);
  });

  test('when $changeStream is not the first stage', async () => {
    // Source: mongodb/mongo pipeline.cpp: "$changeStream is only valid as the first stage in a pipeline", 40602.
    await using scratch = freshDatabase(server().client);
    const command = { aggregate: 'items', pipeline: [{ $match: {} }, { $changeStream: {} }], cursor: {} };
    expect((await failureOf(scratch.db.command(command))).code).toBe(40602);
  });

  test('when it names a field that $changeStream does not have', async () => {
    // Source: IDL parser: "BSON field '$changeStream.x' is an unknown field", 40415.
    await using scratch = freshDatabase(server().client);
    const open = ChangeStreamReader.open({ database: scratch.db, options: { unheardOf: 1 } });
    expect((await failureOf(open)).code).toBe(40415);
  });
});
