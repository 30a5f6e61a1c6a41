import type { Document } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { failureOf } from '../failure-of.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, "$changeStreamSplitLargeEvent"; mongodb/mongo jstests/change_streams/split_large_event.js.
const BSON_OBJECT_TOO_LARGE = 10334;
const CHANGE_STREAM_FATAL = 280;
const LARGE_MS_MAX = 120_000;
const LARGE_BYTES = 16 * 1024 * 1024 - 100;
const SPLIT = [{ $changeStreamSplitLargeEvent: {} }];
const server = useServer();

type Scratch = ReturnType<typeof freshDatabase>;

/** One update of a document of nearly 16 MB, which with its pre- and post-image gives an event of about 48 MB. */
async function updateLargeDocument(scratch: Scratch): Promise<Document> {
  await scratch.db.createCollection('items', { changeStreamPreAndPostImages: { enabled: true } });
  await scratch.items.insertOne({ _id: 'aaa', a: 'x'.repeat(LARGE_BYTES) });
  await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
  const start = stream.postBatchResumeToken;
  await scratch.items.updateOne({ _id: 'aaa' }, { $set: { a: 'y'.repeat(LARGE_BYTES) } });
  return start;
}

function openWithImages(scratch: Scratch, resumeAfter: Document, stages: readonly Document[]) {
  const options = { fullDocument: 'required', fullDocumentBeforeChange: 'required', resumeAfter };
  return ChangeStreamReader.open({ database: scratch.db, collection: 'items', options, stages, batchSize: 0 });
}

// Each of these moves 50 MB or more through the server and the driver, which takes long on a busy machine.
describe('an event above 16 MB', { timeout: LARGE_MS_MAX }, () => {
  let scratch: Scratch;
  let start: Document;

  beforeAll(async () => {
    scratch = freshDatabase(server().client);
    start = await updateLargeDocument(scratch);
  }, LARGE_MS_MAX);

  afterAll(async () => {
    await scratch[Symbol.asyncDispose]();
  });

  test('ends a stream without the splitting stage', async () => {
    await using stream = await openWithImages(scratch, start, []);
    const failure = await failureOf(stream.next());
    expect(failure).toMatchObject({ code: BSON_OBJECT_TOO_LARGE, codeName: 'BSONObjectTooLarge' });
  });

  test('comes in fragments whose fields together are the event, and resumes between them', async () => {
    await using stream = await openWithImages(scratch, start, SPLIT);
    const fragments = await stream.take(3);
    expect(fragments.map((fragment) => fragment['splitEvent'])).toEqual([
      { fragment: 1, of: 3 },
      { fragment: 2, of: 3 },
      { fragment: 3, of: 3 },
    ]);
    const tokens = fragments.map((fragment) => fragment['_id']._data as string);
    expect(tokens).toEqual([...tokens].sort());
    expect(new Set(tokens).size).toBe(3);
    const event: Document = Object.assign({}, ...fragments);
    expect(event).toMatchObject({ operationType: 'update', documentKey: { _id: 'aaa' } });
    expect(event['fullDocument'].a).toHaveLength(LARGE_BYTES);
    expect(event['fullDocumentBeforeChange'].a).toHaveLength(LARGE_BYTES);
    expect(event['updateDescription'].updatedFields.a).toHaveLength(LARGE_BYTES);

    await using resumed = await openWithImages(scratch, fragments[1]?.['_id'], SPLIT);
    const last = await resumed.next();
    expect(last['splitEvent']).toEqual({ fragment: 3, of: 3 });
    expect(last['_id']).toEqual(fragments[2]?.['_id']);
  });

  test('cannot be resumed at a fragment that another pipeline does not make', async () => {
    await using stream = await openWithImages(scratch, start, SPLIT);
    const [, , last] = await stream.take(3);
    await scratch.items.insertOne({});
    await using narrowed = await openWithImages(scratch, last?.['_id'], [
      { $project: { 'fullDocument.a': 0 } },
      ...SPLIT,
    ]);
    expect((await failureOf(narrowed.next())).code).toBe(CHANGE_STREAM_FATAL);
  });
});

describe('$changeStreamSplitLargeEvent', () => {
  test('leaves smaller events whole', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items', stages: SPLIT });
    await scratch.items.insertOne({});
    expect('splitEvent' in (await stream.next())).toBe(false);
  });

  test('is the last stage and comes once', async () => {
    await using scratch = freshDatabase(server().client);
    for (const stages of [
      [...SPLIT, ...SPLIT],
      [...SPLIT, { $project: { fullDocument: 0 } }],
    ]) {
      const open = ChangeStreamReader.open({ database: scratch.db, collection: 'items', stages });
      expect((await failureOf(open)).code).toBe(7182802);
    }
  });

  test('belongs to change streams only', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    expect((await failureOf(scratch.items.aggregate(SPLIT).toArray())).code).toBe(20);
  });
});
