import type { Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { failureOf } from '../failure-of.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, "invalidate Event", "drop Event", "rename Event", "dropDatabase Event";
// mongodb/mongo jstests/change_streams/metadata_notifications.js, change_stream_whole_db_invalidations.js.
const INVALID_RESUME_TOKEN = 260;
const server = useServer();

function typesOf(events: readonly Document[]): unknown[] {
  return events.map((event) => event['operationType']);
}

describe('a stream on one collection', () => {
  test('ends with drop and invalidate when the collection is dropped', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.drop();
    const events = await stream.drainUntilClosed();
    expect(typesOf(events)).toEqual(['drop', 'invalidate']);
    const [drop, invalidate] = events;
    expect(drop).toMatchObject({ ns: { db: scratch.name, coll: 'items' } });
    expect(Object.keys(drop ?? {})).toEqual(['_id', 'operationType', 'clusterTime', 'wallTime', 'ns']);
    expect(Object.keys(invalidate ?? {})).toEqual(['_id', 'operationType', 'clusterTime', 'wallTime']);
    expect(invalidate?.['clusterTime']).toEqual(drop?.['clusterTime']);
    expect(stream.postBatchResumeToken).toEqual(invalidate?.['_id']);
  });

  test('ends with rename and invalidate when the collection is renamed', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.rename('moved');
    const events = await stream.drainUntilClosed();
    expect(typesOf(events)).toEqual(['rename', 'invalidate']);
    expect(events[0]).toMatchObject({
      ns: { db: scratch.name, coll: 'items' },
      to: { db: scratch.name, coll: 'moved' },
    });
    expect('documentKey' in (events[0] ?? {})).toBe(false);
  });

  test('ends when another collection is renamed onto its name', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    await scratch.collection('source').insertOne({});
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.collection('source').rename('items', { dropTarget: true });
    const events = await stream.drainUntilClosed();
    expect(typesOf(events)).toEqual(['rename', 'invalidate']);
    expect(events[0]).toMatchObject({ ns: { coll: 'source' }, to: { coll: 'items' } });
  });

  test('ends with drop and invalidate when its database is dropped', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.db.dropDatabase();
    expect(typesOf(await stream.drainUntilClosed())).toEqual(['drop', 'invalidate']);
  });

  test('does not notice that a database without the collection is dropped', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.db.dropDatabase();
    await scratch.items.insertOne({ _id: 1 });
    expect(await stream.next()).toMatchObject({ operationType: 'insert', documentKey: { _id: 1 } });
  });

  test('closes even where its pipeline hides the invalidate event, and hands out its token', async () => {
    // Source: mongodb/mongo jstests/change_streams/start_after_invalidation_exception.js.
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    const stages = [{ $match: { operationType: 'insert' } }];
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items', stages });
    await scratch.db.dropDatabase();
    expect(await stream.drainUntilClosed()).toEqual([]);
    await scratch.items.insertOne({ _id: 'again' });
    await using resumed = await ChangeStreamReader.open({
      database: scratch.db,
      collection: 'items',
      stages,
      options: { startAfter: stream.postBatchResumeToken },
    });
    expect((await resumed.next())['documentKey']).toEqual({ _id: 'again' });
  });
});

describe('the token of an invalidate event', () => {
  async function invalidateToken(scratch: ReturnType<typeof freshDatabase>): Promise<Document> {
    await scratch.items.insertOne({});
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.drop();
    const events = await stream.drainUntilClosed();
    return events[1]?.['_id'] as Document;
  }

  test('is refused by resumeAfter', async () => {
    // Source: manual, "resumeAfter for Change Streams"; server code change_stream_helpers: InvalidResumeToken 260.
    await using scratch = freshDatabase(server().client);
    const resumeAfter = await invalidateToken(scratch);
    const open = ChangeStreamReader.open({ database: scratch.db, collection: 'items', options: { resumeAfter } });
    expect(await failureOf(open)).toMatchObject({ code: INVALID_RESUME_TOKEN, codeName: 'InvalidResumeToken' });
  });

  test('starts a new stream by startAfter, which sees the collection made again', async () => {
    await using scratch = freshDatabase(server().client);
    const startAfter = await invalidateToken(scratch);
    await scratch.items.insertOne({ _id: 'new' });
    await using stream = await ChangeStreamReader.open({
      database: scratch.db,
      collection: 'items',
      options: { startAfter },
    });
    expect(await stream.next()).toMatchObject({ operationType: 'insert', documentKey: { _id: 'new' } });
  });

  test('is followed by a second invalidate when the collection is dropped again', async () => {
    // Source: mongodb/mongo jstests/change_streams/multiple_invalidate_events.js.
    await using scratch = freshDatabase(server().client);
    const startAfter = await invalidateToken(scratch);
    await scratch.items.insertOne({ _id: 'new' });
    await scratch.items.drop();
    await using stream = await ChangeStreamReader.open({
      database: scratch.db,
      collection: 'items',
      options: { startAfter },
    });
    expect(typesOf(await stream.drainUntilClosed())).toEqual(['insert', 'drop', 'invalidate']);
  });
});

describe('a stream on a database', () => {
  test('goes on after drop and rename', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    await using stream = await ChangeStreamReader.open({ database: scratch.db });
    await scratch.items.rename('moved');
    await scratch.collection('moved').drop();
    await scratch.items.insertOne({});
    const events = await stream.take(3);
    expect(typesOf(events)).toEqual(['rename', 'drop', 'insert']);
    expect(stream.isOpen).toBe(true);
  });

  test('ends with the drops, dropDatabase and invalidate when the database is dropped', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    await scratch.collection('other').insertOne({});
    await using stream = await ChangeStreamReader.open({ database: scratch.db });
    await scratch.db.dropDatabase();
    const events = await stream.drainUntilClosed();
    expect(typesOf(events)).toEqual(['drop', 'drop', 'dropDatabase', 'invalidate']);
    expect(events[2]).toMatchObject({ ns: { db: scratch.name } });
    expect(Object.keys(events[2]?.['ns'])).toEqual(['db']);
  });
});

describe('a stream on the cluster', () => {
  test('goes on after a database is dropped', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    await using stream = await ChangeStreamReader.open({
      database: server().client.db('admin'),
      options: { allChangesForCluster: true },
      stages: [{ $match: { 'ns.db': scratch.name } }],
    });
    await scratch.db.dropDatabase();
    await scratch.items.insertOne({});
    expect(typesOf(await stream.take(3))).toEqual(['drop', 'dropDatabase', 'insert']);
    expect(stream.isOpen).toBe(true);
  });
});
