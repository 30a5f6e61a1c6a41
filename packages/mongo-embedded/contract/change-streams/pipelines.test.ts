import type { Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { failureOf } from '../failure-of.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, "Modify Change Stream Output"; mongodb/mongo jstests/change_streams/allowlist.js, error_label.js.
const ILLEGAL_OPERATION = 20;
const CHANGE_STREAM_FATAL = 280;
const server = useServer();

async function firstEvent(stages: readonly Document[], options: Document = {}): Promise<Document> {
  await using scratch = freshDatabase(server().client);
  await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items', stages, options });
  await scratch.items.insertMany([
    { _id: 1, keep: false, n: 1 },
    { _id: 2, keep: true, n: 2, s: 'x' },
  ]);
  return await stream.next();
}

describe('a stream with stages', () => {
  test('$match drops events', async () => {
    const event = await firstEvent([{ $match: { 'fullDocument.keep': true } }]);
    expect(event['documentKey']).toEqual({ _id: 2 });
  });

  test('$match by namespace and kind, as a replicator asks', async () => {
    await using scratch = freshDatabase(server().client);
    const wanted = { 'ns.db': scratch.name, 'ns.coll': { $in: ['a', 'c'] } };
    const kinds = { operationType: { $in: ['drop', 'rename', 'dropDatabase', 'invalidate'] } };
    await using stream = await ChangeStreamReader.open({
      database: scratch.db,
      stages: [{ $match: { $or: [wanted, kinds] } }, { $project: { updateDescription: 0 } }],
    });
    await scratch.collection('a').insertOne({ _id: 1 });
    await scratch.collection('b').insertOne({ _id: 2 });
    await scratch.collection('a').updateOne({ _id: 1 }, { $set: { x: 1 } });
    await scratch.collection('b').drop();
    await scratch.collection('c').insertOne({ _id: 3 });
    const events = await stream.take(4);
    expect(events.map((event) => `${event['operationType']} ${event['ns'].coll}`)).toEqual([
      'insert a',
      'update a',
      'drop b',
      'insert c',
    ]);
    expect('updateDescription' in (events[1] ?? {})).toBe(false);
  });

  test('$project keeps what it names and the token', async () => {
    const event = await firstEvent([{ $project: { operationType: 1, 'fullDocument.n': 1 } }]);
    expect(Object.keys(event).sort()).toEqual(['_id', 'fullDocument', 'operationType']);
    expect(event['fullDocument']).toEqual({ n: 1 });
  });

  test('$addFields, $set and $unset change the event', async () => {
    const event = await firstEvent([
      { $addFields: { added: { $add: ['$fullDocument.n', 10] } } },
      { $set: { 'fullDocument.extra': 'y' } },
      { $unset: ['clusterTime', 'wallTime'] },
    ]);
    expect(event).toMatchObject({ added: 11, fullDocument: { _id: 1, extra: 'y' } });
    expect('clusterTime' in event || 'wallTime' in event).toBe(false);
  });

  test('$replaceRoot and $replaceWith may keep the token', async () => {
    const event = await firstEvent([{ $replaceRoot: { newRoot: { _id: '$_id', doc: '$fullDocument' } } }]);
    expect(Object.keys(event)).toEqual(['_id', 'doc']);
    const other = await firstEvent([{ $replaceWith: { _id: '$_id', n: '$fullDocument.n' } }]);
    expect(other['n']).toBe(1);
  });

  test('$redact prunes', async () => {
    const event = await firstEvent([{ $redact: { $cond: [{ $eq: ['$keep', false] }, '$$PRUNE', '$$DESCEND'] } }]);
    expect('fullDocument' in event).toBe(false);
    expect(event['documentKey']).toEqual({ _id: 1 });
  });

  test('several stages work in their order', async () => {
    const event = await firstEvent([
      { $addFields: { twice: { $multiply: ['$fullDocument.n', 2] } } },
      { $match: { twice: 4 } },
      { $project: { twice: 1 } },
    ]);
    expect(event['twice']).toBe(4);
  });
});

describe('a stream is refused', () => {
  const refused: Document[] = [
    { $group: { _id: '$_id' } },
    { $sort: { _id: 1 } },
    { $skip: 100 },
    { $limit: 100 },
    { $sample: { size: 100 } },
    { $unwind: '$_id' },
    { $lookup: { from: 'coll', as: 'as', localField: '_id', foreignField: '_id' } },
    { $bucketAuto: { groupBy: '$_id', buckets: 2 } },
    { $facet: { facetPipe: [{ $match: { _id: { $exists: true } } }] } },
  ];
  for (const stage of refused) {
    test(`with ${Object.keys(stage)[0]}`, async () => {
      await using scratch = freshDatabase(server().client);
      const open = ChangeStreamReader.open({ database: scratch.db, collection: 'items', stages: [stage] });
      expect(await failureOf(open)).toMatchObject({ code: ILLEGAL_OPERATION, codeName: 'IllegalOperation' });
    });
  }

  test('with a stage that does not exist', async () => {
    // Source: mongodb/mongo document_source.cpp: "Unrecognized pipeline stage name", 40324.
    await using scratch = freshDatabase(server().client);
    const open = ChangeStreamReader.open({ database: scratch.db, collection: 'items', stages: [{ $unheardOf: {} }] });
    expect((await failureOf(open)).code).toBe(40324);
  });
});

describe('a stage that takes the token away', () => {
  for (const stage of [{ $project: { _id: 0 } }, { $set: { _id: 5 } }, { $replaceWith: { a: 1 } }]) {
    test(`${JSON.stringify(stage)} ends the stream with a fatal error that must not be resumed`, async () => {
      await using scratch = freshDatabase(server().client);
      await using stream = await ChangeStreamReader.open({
        database: scratch.db,
        collection: 'items',
        stages: [stage],
      });
      await scratch.items.insertOne({});
      const failure = await failureOf(stream.next());
      expect(failure.code).toBe(CHANGE_STREAM_FATAL);
      expect(failure.errorLabels).toContain('NonResumableChangeStreamError');
    });
  }
});
