import { Long } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { failureOf } from '../failure-of.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, getMore (maxTimeMS on awaitData cursors), killCursors; specifications, change-streams, "maxAwaitTimeMS".
const CURSOR_NOT_FOUND = 43;
const server = useServer();

describe('getMore on a change stream', () => {
  test('waits maxTimeMS for an event and then answers an empty batch', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    const start = performance.now();
    const { events, isOpen } = await stream.nextBatch(300);
    const tookMs = performance.now() - start;
    expect(events).toEqual([]);
    expect(isOpen).toBe(true);
    expect(tookMs).toBeGreaterThan(250);
    expect(tookMs).toBeLessThan(3_000);
  });

  test('waits about a second where no maxTimeMS is given', async () => {
    // Source: mongodb/mongo awaitable_hello and find_common.h: kDefaultAwaitTime is one second.
    await using scratch = freshDatabase(server().client);
    await using session = server().client.startSession();
    const options = { session, promoteLongs: false };
    const opening = { aggregate: 'items', pipeline: [{ $changeStream: {} }], cursor: {} };
    const { cursor } = await scratch.db.command(opening, options);
    const start = performance.now();
    await scratch.db.command({ getMore: cursor.id, collection: 'items' }, options);
    const tookMs = performance.now() - start;
    expect(tookMs).toBeGreaterThan(800);
    expect(tookMs).toBeLessThan(4_000);
  });

  test('answers as soon as an event comes', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    const start = performance.now();
    const waiting = stream.nextBatch(8_000);
    await scratch.items.insertOne({ _id: 1 });
    expect((await waiting).events).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  test('is not woken for good by writes that it does not show', async () => {
    // Source: mongodb/mongo jstests/change_streams/only_wake_getmore_for_relevant_changes.js.
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    const start = performance.now();
    const waiting = stream.nextBatch(600);
    await scratch.collection('other').insertOne({});
    expect((await waiting).events).toEqual([]);
    expect(performance.now() - start).toBeGreaterThan(500);
  });

  test('gives no more events than batchSize', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items', batchSize: 4 });
    await scratch.items.insertMany(Array.from({ length: 10 }, (_, index) => ({ _id: index })));
    const sizes = [];
    for (let round = 0; round < 3; round += 1) sizes.push((await stream.nextBatch(500)).events.length);
    expect(sizes).toEqual([4, 4, 2]);
  });

  test('keeps a batch below 16 MB', async () => {
    // Source: mongodb/mongo jstests/change_streams/report_post_batch_resume_token.js: the second large event waits.
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    for (const id of [1, 2]) await scratch.items.insertOne({ _id: id, pad: 'a'.repeat(10_000_000) });
    expect((await stream.nextBatch(2_000)).events).toHaveLength(1);
    expect((await stream.nextBatch(2_000)).events).toHaveLength(1);
  });
});

describe('a killed cursor', () => {
  test('is not found again', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    const reply = await scratch.db.command({ killCursors: 'items', cursors: [stream.id] }, { promoteLongs: false });
    expect(reply['cursorsKilled']).toEqual([stream.id]);
    expect(reply['cursorsNotFound']).toEqual([]);
    expect(await failureOf(stream.nextBatch(50))).toMatchObject({ code: CURSOR_NOT_FOUND, codeName: 'CursorNotFound' });
  });

  test('lets a waiting getMore end with an error', async () => {
    // Source: mongodb/mongo error_codes.yml: CursorKilled 237 while pinned, CursorNotFound 43 afterwards.
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    const waiting = failureOf(stream.nextBatch(8_000));
    const waitingCursor = async (): Promise<boolean> => {
      const { cursorsKilled } = await scratch.db.command(
        { killCursors: 'items', cursors: [stream.id] },
        { promoteLongs: false },
      );
      return (cursorsKilled as Long[]).length === 1;
    };
    await expect.poll(waitingCursor, { timeout: 5_000 }).toBe(true);
    const failure = await waiting;
    expect([43, 237]).toContain(failure.code);
  });

  test('of nobody is reported as not found', async () => {
    await using scratch = freshDatabase(server().client);
    const reply = await scratch.db.command(
      { killCursors: 'items', cursors: [Long.fromNumber(987_654_321)] },
      { promoteLongs: false },
    );
    expect(reply).toMatchObject({ cursorsKilled: [], cursorsAlive: [], cursorsUnknown: [] });
    expect((reply['cursorsNotFound'] as Long[]).map(String)).toEqual(['987654321']);
  });
});

describe('streams opened and closed by the driver', () => {
  test('leave no cursor behind', async () => {
    // Source: manual, serverStatus, metrics.cursor.open.total.
    await using scratch = freshDatabase(server().client);
    const openCursors = async (): Promise<number> => {
      const status = await scratch.db.command({ serverStatus: 1 });
      return Number(status['metrics'].cursor.open.total);
    };
    const before = await openCursors();
    for (let round = 0; round < 50; round += 1) {
      const stream = scratch.items.watch([], { maxAwaitTimeMS: 5 });
      await stream.tryNext();
      await stream.close();
    }
    await expect.poll(openCursors, { timeout: 5_000 }).toBeLessThanOrEqual(before);
  });
});
