import type { Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: mongodb/mongo jstests/change_streams/report_post_batch_resume_token.js; manual, "Resume Tokens" (the hex
// string of `_data` can be compared and sorted); specifications, change-streams, "postBatchResumeToken".
const server = useServer();

function dataOf(token: Document | undefined): string {
  return String(token?.['_data']);
}

/** The seconds of a token's cluster time, the first value after its type byte. */
function secondOf(token: Document | undefined): number {
  return Number.parseInt(String(token?.['_data']).slice(2, 10), 16);
}

describe('the post-batch resume token', () => {
  test('comes with an empty first batch, also with batchSize 0', async () => {
    await using scratch = freshDatabase(server().client);
    for (const batchSize of [0, 10]) {
      await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items', batchSize });
      expect(stream.firstBatch.events).toEqual([]);
      expect(dataOf(stream.firstBatch.postBatchResumeToken)).toMatch(/^82[0-9A-F]+$/);
    }
  });

  test('equals the token of the last event where that is the newest', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    // If a second begins between the write and the read, the token is that of the later time, and the test writes again.
    let last: Document;
    do {
      await scratch.items.insertMany([{}, {}, {}]);
      last = (await stream.take(3))[2]?.['_id'] as Document;
    } while (secondOf(stream.postBatchResumeToken) > secondOf(last));
    expect(stream.postBatchResumeToken).toEqual(last);
  });

  test('is the given token again where a resumed stream has no event yet', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.insertOne({});
    const { _id: resumeAfter } = await stream.next();
    const request = { database: scratch.db, collection: 'items', options: { resumeAfter }, batchSize: 0 };
    await using resumed = await ChangeStreamReader.open(request);
    expect(resumed.firstBatch.postBatchResumeToken).toEqual(resumeAfter);
  });

  test('advances over writes that the stream does not show', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    const before = dataOf(stream.postBatchResumeToken);
    await scratch.collection('other').insertOne({});
    await expect
      .poll(async () => dataOf((await stream.nextBatch(50)).postBatchResumeToken) > before, { timeout: 10_000 })
      .toBe(true);
  });

  test('advances while nothing is written at all', async () => {
    // Source: the server writes a no-op every ten seconds (periodicNoopIntervalSecs), which moves the token.
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    const before = dataOf(stream.postBatchResumeToken);
    await expect
      .poll(async () => dataOf((await stream.nextBatch(200)).postBatchResumeToken) > before, { timeout: 20_000 })
      .toBe(true);
  });

  test('never goes back, and no event comes before a token that was handed out earlier', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items', batchSize: 3 });
    let newest = dataOf(stream.postBatchResumeToken);
    let seen = 0;
    const writing = (async () => {
      for (let index = 0; index < 40; index += 1) {
        await scratch.items.insertOne({ index });
        if (index % 5 === 0) await scratch.collection('other').insertOne({});
      }
    })();
    while (seen < 40) {
      const { events, postBatchResumeToken } = await stream.nextBatch(100);
      for (const event of events) {
        expect(dataOf(event['_id']) > newest).toBe(true);
        newest = dataOf(event['_id']);
      }
      expect(dataOf(postBatchResumeToken) >= newest).toBe(true);
      newest = dataOf(postBatchResumeToken);
      seen += events.length;
    }
    await writing;
  });

  test('of an idle stream resumes it without loss', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.collection('other').insertOne({});
    await stream.nextBatch(50);
    const token = stream.postBatchResumeToken;
    await scratch.items.insertOne({ _id: 'next' });
    for (const field of ['resumeAfter', 'startAfter']) {
      const request = { database: scratch.db, collection: 'items', options: { [field]: token } };
      await using resumed = await ChangeStreamReader.open(request);
      expect((await resumed.next())['documentKey'], field).toEqual({ _id: 'next' });
    }
  });

  test('of an idle stream resumes a stream with another pipeline and another scope', async () => {
    // A high-water-mark token names no event, so nothing has to be found again (resume_token.h, isHighWaterMarkToken).
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await stream.nextBatch(50);
    const resumeAfter = stream.postBatchResumeToken;
    await scratch.collection('other').insertOne({ _id: 1, keep: true });
    await using resumed = await ChangeStreamReader.open({
      database: scratch.db,
      options: { resumeAfter },
      stages: [{ $match: { 'fullDocument.keep': true } }],
    });
    expect((await resumed.next())['documentKey']).toEqual({ _id: 1 });
  });
});

describe('tokens of events', () => {
  test('sort bytewise in the order of the stream, also within one insertMany', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db });
    const documents = Array.from({ length: 200 }, (_, index) => ({ _id: `k${index}` }));
    await scratch.items.insertMany(documents);
    await scratch.collection('other').insertMany(documents);
    const tokens = (await stream.take(400)).map((event) => dataOf(event['_id']));
    expect(tokens).toEqual([...tokens].sort());
    expect(new Set(tokens).size).toBe(400);
  });

  test('resume at every single event of an insertMany', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await scratch.items.insertMany(Array.from({ length: 12 }, (_, index) => ({ _id: index })));
    const events = await stream.take(12);
    for (const [index, event] of events.slice(0, -1).entries()) {
      const request = { database: scratch.db, collection: 'items', options: { resumeAfter: event['_id'] } };
      await using resumed = await ChangeStreamReader.open(request);
      expect((await resumed.next())['documentKey']).toEqual({ _id: index + 1 });
    }
  });
});
