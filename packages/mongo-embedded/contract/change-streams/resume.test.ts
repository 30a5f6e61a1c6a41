import { type Document, Timestamp } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader, type StreamRequest } from '../change-stream-reader.ts';
import { failureOf } from '../failure-of.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, "Resume a Change Stream"; mongodb/mongo src/mongo/db/pipeline/document_source_change_stream.cpp
// (legal combinations), resume_token.cpp (malformed tokens),
// document_source_change_stream_ensure_resume_token_present.cpp (a token that the stream does not meet).
const CHANGE_STREAM_FATAL = 280;
const server = useServer();

type Scratch = ReturnType<typeof freshDatabase>;

async function openItems(scratch: Scratch, request: Partial<StreamRequest> = {}): Promise<ChangeStreamReader> {
  return ChangeStreamReader.open({ database: scratch.db, collection: 'items', ...request });
}

/** Five inserts with _id 1 to 5, and the events that tell them. */
async function fiveInserts(scratch: Scratch): Promise<Document[]> {
  await using stream = await openItems(scratch);
  for (let id = 1; id <= 5; id += 1) await scratch.items.insertOne({ _id: id });
  return await stream.take(5);
}

function idsOf(events: readonly Document[]): unknown[] {
  return events.map((event) => event['documentKey']?._id);
}

describe('resumeAfter and startAfter', () => {
  for (const field of ['resumeAfter', 'startAfter']) {
    test(`${field} goes on with the event after the token's`, async () => {
      await using scratch = freshDatabase(server().client);
      const events = await fiveInserts(scratch);
      await using stream = await openItems(scratch, { options: { [field]: events[1]?.['_id'] } });
      expect(idsOf(await stream.take(3))).toEqual([3, 4, 5]);
    });

    test(`${field} gives the very same events again, tokens included`, async () => {
      await using scratch = freshDatabase(server().client);
      const events = await fiveInserts(scratch);
      await using stream = await openItems(scratch, { options: { [field]: events[0]?.['_id'] } });
      expect(await stream.take(4)).toEqual(events.slice(1));
    });

    test(`${field} fails with 280 when the pipeline filters the token's event away`, async () => {
      // Source: mongodb/mongo jstests/change_streams/filter_excludes_resume_point.js.
      await using scratch = freshDatabase(server().client);
      const events = await fiveInserts(scratch);
      const stages = [{ $match: { 'fullDocument._id': { $gt: 1 } } }];
      await using stream = await openItems(scratch, { options: { [field]: events[0]?.['_id'] }, stages, batchSize: 0 });
      expect(await failureOf(stream.next())).toMatchObject({
        code: CHANGE_STREAM_FATAL,
        codeName: 'ChangeStreamFatalError',
      });
    });

    test(`${field} fails with 280 for a token of another collection`, async () => {
      await using scratch = freshDatabase(server().client);
      await using foreign = await ChangeStreamReader.open({ database: scratch.db, collection: 'other' });
      await scratch.collection('other').insertOne({});
      const token = (await foreign.next())['_id'];
      await scratch.items.insertOne({});
      await using stream = await openItems(scratch, { options: { [field]: token }, batchSize: 0 });
      const failure = await failureOf(stream.next());
      expect(failure.code).toBe(CHANGE_STREAM_FATAL);
      expect(failure.errorLabels).toContain('NonResumableChangeStreamError');
    });
  }

  test('a token of a database stream goes on in another stream of the same scope', async () => {
    await using scratch = freshDatabase(server().client);
    await using first = await ChangeStreamReader.open({ database: scratch.db });
    await scratch.collection('a').insertOne({ _id: 1 });
    await scratch.collection('b').insertOne({ _id: 2 });
    const [event] = await first.take(2);
    await using second = await ChangeStreamReader.open({
      database: scratch.db,
      options: { resumeAfter: event?.['_id'] },
    });
    expect(await second.next()).toMatchObject({ ns: { coll: 'b' } });
  });

  test('refuse to be given together, or with startAtOperationTime', async () => {
    await using scratch = freshDatabase(server().client);
    const [event] = await fiveInserts(scratch);
    const token = event?.['_id'];
    const both = openItems(scratch, { options: { resumeAfter: token, startAfter: token } });
    expect((await failureOf(both)).code).toBe(50865);
    const startAtOperationTime = event?.['clusterTime'];
    for (const field of ['resumeAfter', 'startAfter']) {
      const mixed = openItems(scratch, { options: { [field]: token, startAtOperationTime } });
      expect((await failureOf(mixed)).code, field).toBe(40674);
    }
  });

  test('refuse what is not a token', async () => {
    await using scratch = freshDatabase(server().client);
    const codes: unknown[] = [];
    for (const token of [{}, { _data: 5 }, { _data: 'not hex' }, { _data: '' }]) {
      codes.push((await failureOf(openItems(scratch, { options: { resumeAfter: token } }))).code);
    }
    expect(codes).toEqual([40647, 40647, 9, 40649]);
  });

  test('refuse a token cut short', async () => {
    await using scratch = freshDatabase(server().client);
    const [event] = await fiveInserts(scratch);
    const data = String(event?.['_id']._data);
    for (const length of [2, 10, 18, data.length - 2]) {
      const failure = await failureOf(
        openItems(scratch, { options: { resumeAfter: { _data: data.slice(0, length) } } }),
      );
      expect(failure.code, `${length} characters`).toBeTypeOf('number');
    }
  });
});

describe('startAtOperationTime', () => {
  test('includes the event of exactly that time', async () => {
    // Source: mongodb/mongo jstests/change_streams/start_at_cluster_time.js.
    await using scratch = freshDatabase(server().client);
    const events = await fiveInserts(scratch);
    await using stream = await openItems(scratch, { options: { startAtOperationTime: events[2]?.['clusterTime'] } });
    expect(await stream.take(3)).toEqual(events.slice(2));
  });

  test('taken from a reply before the writes shows all of them', async () => {
    await using scratch = freshDatabase(server().client);
    const { operationTime } = await scratch.db.command({ ping: 1 });
    await scratch.items.insertOne({ _id: 'first' });
    await using stream = await openItems(scratch, { options: { startAtOperationTime: operationTime } });
    expect((await stream.next())['documentKey']).toEqual({ _id: 'first' });
  });

  test('in the future waits, and its token stays where it is', async () => {
    // Source: mongodb/mongo jstests/change_streams/report_post_batch_resume_token.js.
    await using scratch = freshDatabase(server().client);
    const startAtOperationTime = new Timestamp({ t: 4_102_444_800, i: 1 });
    await using stream = await openItems(scratch, { options: { startAtOperationTime } });
    const token = stream.postBatchResumeToken;
    await scratch.items.insertOne({});
    const { events, postBatchResumeToken } = await stream.nextBatch(100);
    expect(events).toEqual([]);
    expect(postBatchResumeToken).toEqual(token);
  });

  test('must be a timestamp', async () => {
    await using scratch = freshDatabase(server().client);
    const failure = await failureOf(openItems(scratch, { options: { startAtOperationTime: 12 } }));
    expect(failure.code).toBe(14);
  });
});

describe('the driver resumes', () => {
  test('by itself after its connection was closed in the middle of a stream', async () => {
    await using scratch = freshDatabase(server().client);
    const appName = `resume-${scratch.name}`;
    const client = await server().connect({ appName });
    await using stream = client.db(scratch.name).collection('items').watch([], { maxAwaitTimeMS: 100 });
    await stream.tryNext();
    await scratch.items.insertOne({ _id: 1 });
    expect(await stream.next()).toMatchObject({ documentKey: { _id: 1 } });
    await server()
      .client.db('admin')
      .command({
        configureFailPoint: 'failCommand',
        mode: { times: 1 },
        data: { failCommands: ['getMore'], closeConnection: true, appName },
      });
    await scratch.items.insertOne({ _id: 2 });
    await scratch.items.insertOne({ _id: 3 });
    expect(await stream.next()).toMatchObject({ documentKey: { _id: 2 } });
    expect(await stream.next()).toMatchObject({ documentKey: { _id: 3 } });
  });
});
