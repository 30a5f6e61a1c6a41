import { type Document, Int32, Long, UUID } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from './change-stream-reader.ts';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { RawSession } from './raw-session.ts';
import { useServer } from './use-server.ts';

// Sources: mongodb/mongo, the `.idl` files of the commands and `generic_argument.idl`; document_source_unwind.cpp,
// document_source_lookup.cpp, document_source_merge.cpp; manual, "Read Concern", "Write Concern", "profile".
const server = useServer();
const TYPE_MISMATCH = 14;
const UNKNOWN_FIELD = 40415;
const INVALID_OPTIONS = 72;

describe('a field of a command', () => {
  const commands: Document[] = [
    { find: 'items' },
    { aggregate: 'items', pipeline: [], cursor: {} },
    { count: 'items' },
    { distinct: 'items', key: 'a' },
    { insert: 'items', documents: [{}] },
    { update: 'items', updates: [{ q: {}, u: {} }] },
    { delete: 'items', deletes: [{ q: {}, limit: 1 }] },
    { findAndModify: 'items', remove: true },
    { create: 'made' },
    { collMod: 'items' },
    { createIndexes: 'items', indexes: [{ key: { a: 1 }, name: 'a' }] },
    { dropIndexes: 'items', index: '*' },
    { drop: 'items' },
    { dropDatabase: 1 },
    { listCollections: 1 },
    { listIndexes: 'items' },
    { killCursors: 'items', cursors: [Long.ONE] },
    { getMore: Long.ONE, collection: 'items' },
    { collStats: 'items' },
    { dbStats: 1 },
    { endSessions: [] },
  ];
  for (const command of commands) {
    test(`that ${Object.keys(command)[0]} does not know is refused`, async () => {
      await using scratch = freshDatabase(server().client);
      expect((await failureOf(scratch.db.command({ ...command, unheardOf: 1 }))).code).toBe(UNKNOWN_FIELD);
    });
  }

  const wrong: Document[] = [
    { find: 'items', allowDiskUse: 'zz' },
    { find: 'items', allowDiskUse: 1 },
    { find: 'items', singleBatch: new Int32(1) },
    { find: 'items', noCursorTimeout: 'zz' },
    { find: 'items', allowPartialResults: 5 },
    { aggregate: 'items', pipeline: [], cursor: {}, allowDiskUse: 'zz' },
    { aggregate: 'items', pipeline: [], cursor: {}, bypassDocumentValidation: 'zz' },
    { count: 'items', fields: 5 },
    { distinct: 'items', key: 'a', hint: 5 },
    { insert: 'items', documents: [{}], bypassDocumentValidation: {} },
    { listCollections: 1, nameOnly: 'zz' },
    { listCollections: 1, authorizedCollections: 'zz' },
    { listIndexes: 'items', cursor: 5 },
    { createIndexes: 'items', indexes: [{ key: { a: 1 }, name: 'a' }], commitQuorum: {} },
    { create: 'made', changeStreamPreAndPostImages: { enabled: 'zz' } },
    { create: 'made', changeStreamPreAndPostImages: 'zz' },
    { create: 'made', validationLevel: 5 },
    { find: 'items', $readPreference: 5 },
    { ping: 1, maxTimeMS: 'zz' },
    { find: 'items', rawData: 'zz' },
  ];
  for (const command of wrong) {
    test(`of a wrong type is refused: ${JSON.stringify(command)}`, async () => {
      await using scratch = freshDatabase(server().client);
      await scratch.items.insertOne({ a: 1 });
      expect((await failureOf(scratch.db.command(command))).code).toBe(TYPE_MISMATCH);
    });
  }

  test('rawData is accepted, as version 8.2 does', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.command({ insert: 'items', documents: [{ _id: 1 }], rawData: true });
    const { cursor } = await scratch.db.command({ find: 'items', rawData: true });
    expect(cursor.firstBatch).toEqual([{ _id: 1 }]);
  });

  test('txnNumber is a long and nothing else', async () => {
    await using scratch = freshDatabase(server().client);
    await using session = await RawSession.open(server().url);
    for (const txnNumber of [1.5, new Int32(1), '1', true]) {
      const reply = await session.send(scratch.name, { insert: 'items', documents: [{}], txnNumber });
      expect(reply, String(txnNumber)).toMatchObject({ ok: 0, code: TYPE_MISMATCH });
    }
    const reply = await session.send(scratch.name, { insert: 'items', documents: [{}], txnNumber: Long.ONE });
    expect(reply).toMatchObject({ ok: 1 });
  });
});

describe('a stage of a pipeline', () => {
  const let_ = { from: 'items', as: 'x', pipeline: [] };
  const wrong: [Document, number][] = [
    [{ $unwind: { path: '$a', includeArrayIndex: 5 } }, 28810],
    [{ $unwind: { path: '$a', includeArrayIndex: '' } }, 28810],
    [{ $unwind: { path: '$a', includeArrayIndex: '$i' } }, 28822],
    [{ $unwind: { path: '$a', preserveNullAndEmptyArrays: 'zz' } }, 28809],
    [{ $unwind: { path: 5 } }, 28808],
    [{ $lookup: { ...let_, let: 5 } }, 9],
    [{ $lookup: { ...let_, let: [1] } }, 9],
    [{ $lookup: { ...let_, let: { X: 1 } } }, 9],
    [{ $lookup: { ...let_, pipeline: 5 } }, TYPE_MISMATCH],
    [{ $lookup: { ...let_, pipeline: [5] } }, TYPE_MISMATCH],
    [{ $merge: { into: 'made', whenMatched: 5 } }, 51191],
    [{ $merge: { into: 'made', on: 5 } }, 51186],
    [{ $merge: { into: 'made', on: [] } }, 51187],
  ];
  for (const [stage, code] of wrong) {
    test(`refuses options of a wrong type: ${JSON.stringify(stage)}`, async () => {
      await using scratch = freshDatabase(server().client);
      await scratch.items.insertOne({ a: [1] });
      expect((await failureOf(scratch.items.aggregate([stage]).toArray())).code).toBe(code);
    });
  }

  test('$unwind sets its index at a nested path and replaces an existing field', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: ['x'], i: 5 });
    const unwind = (includeArrayIndex: string): Document => ({ $unwind: { path: '$a', includeArrayIndex } });
    expect(await scratch.items.aggregate([unwind('i')]).toArray()).toEqual([{ _id: 1, a: 'x', i: 0 }]);
    expect(await scratch.items.aggregate([unwind('j.k')]).toArray()).toEqual([{ _id: 1, a: 'x', i: 5, j: { k: 0 } }]);
  });

  test('$merge that fails on an existing document names it', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: 1 });
    await scratch.collection('made').insertOne({ _id: 1 });
    const merging = scratch.items.aggregate([{ $merge: { into: 'made', whenMatched: 'fail' } }]).toArray();
    expect(await failureOf(merging)).toMatchObject({ code: 11000, keyPattern: { _id: 1 }, keyValue: { _id: 1 } });
  });

  test('$merge that violates a unique index names the index', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: 1 });
    await scratch.collection('made').insertOne({ _id: 2, a: 1 });
    await scratch.collection('made').createIndex({ a: 1 }, { unique: true });
    const merging = scratch.items.aggregate([{ $merge: { into: 'made' } }]).toArray();
    expect(await failureOf(merging)).toMatchObject({ code: 11000, keyPattern: { a: 1 }, keyValue: { a: 1 } });
  });
});

describe('a concern', () => {
  test('for writes that one node cannot satisfy fails after $out and $merge', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    for (const stage of [{ $out: 'made' }, { $merge: 'merged' }]) {
      const reply = await scratch.db
        .command({ aggregate: 'items', pipeline: [stage], cursor: {}, writeConcern: { w: 5 } })
        .catch((error: unknown) => (error as { result?: Document }).result ?? error);
      expect(reply).toMatchObject({ writeConcernError: { code: 100, codeName: 'UnsatisfiableWriteConcern' } });
    }
    expect(await scratch.collection('made').find().toArray()).toEqual([{ _id: 1 }]);
    expect(await scratch.collection('merged').find().toArray()).toEqual([{ _id: 1 }]);
  });

  test('for writes is refused by a command that only reads', async () => {
    await using scratch = freshDatabase(server().client);
    const reads: Document[] = [{ find: 'items' }, { aggregate: 'items', pipeline: [], cursor: {} }, { count: 'items' }];
    for (const command of reads) {
      const failure = await failureOf(scratch.db.command({ ...command, writeConcern: { w: 1 } }));
      expect(failure.code, Object.keys(command)[0]).toBe(INVALID_OPTIONS);
    }
  });

  test('for reads other than local is refused by a command that only writes', async () => {
    await using scratch = freshDatabase(server().client);
    const command = { insert: 'items', documents: [{}] };
    for (const level of ['majority', 'linearizable', 'snapshot']) {
      const failure = await failureOf(scratch.db.command({ ...command, readConcern: { level } }));
      expect(failure.code, level).toBe(INVALID_OPTIONS);
    }
    expect(await scratch.db.command({ ...command, readConcern: { level: 'local' } })).toMatchObject({ n: 1 });
  });

  test('other than majority is refused by a change stream', async () => {
    await using scratch = freshDatabase(server().client);
    for (const level of ['local', 'available', 'linearizable', 'snapshot']) {
      const command = { aggregate: 'items', pipeline: [{ $changeStream: {} }], cursor: {}, readConcern: { level } };
      expect((await failureOf(scratch.db.command(command))).code, level).toBe(INVALID_OPTIONS);
    }
    const command = { aggregate: 'items', pipeline: [{ $changeStream: {} }], cursor: {} };
    const reply = await scratch.db.command({ ...command, readConcern: { level: 'majority' } });
    await scratch.db.command({ killCursors: 'items', cursors: [reply['cursor'].id] });
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    expect(stream.isOpen).toBe(true);
  });

  test('snapshot also applies to the next batches, even if a client repeats it', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
    await using session = await RawSession.open(server().url);
    const level = 'snapshot';
    const { cursor } = await session.send(scratch.name, { find: 'items', batchSize: 1, readConcern: { level } });
    await scratch.items.deleteMany({});
    const readConcern = { level, atClusterTime: cursor.atClusterTime };
    const more = await session.send(scratch.name, { getMore: cursor.id, collection: 'items', readConcern });
    expect(more).toMatchObject({ ok: 1, cursor: { nextBatch: [{ _id: 2 }, { _id: 3 }] } });
  });
});

describe('a setting that this server does not have', () => {
  test('is refused: profiling', async () => {
    await using scratch = freshDatabase(server().client);
    expect(await scratch.db.command({ profile: -1 })).toMatchObject({ was: 0 });
    expect(await scratch.db.command({ profile: 0 })).toMatchObject({ was: 0 });
    if (server().kind !== 'embedded') return;
    for (const profile of [1, 2]) expect((await failureOf(scratch.db.command({ profile }))).code).toBe(115);
  });

  test('is refused: a collection with a validator, a cap or a time series', async () => {
    if (server().kind !== 'embedded') return;
    await using scratch = freshDatabase(server().client);
    for (const options of [{ validator: {} }, { capped: true, size: 100 }, { timeseries: { timeField: 't' } }]) {
      expect((await failureOf(scratch.db.command({ create: 'made', ...options }))).code).toBe(115);
    }
  });
});

describe('a command that names a collection by its UUID', () => {
  test('is refused if the collection has another UUID', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    const collectionUUID = new UUID();
    const commands: Document[] = [
      { find: 'items', collectionUUID },
      { aggregate: 'items', pipeline: [], cursor: {}, collectionUUID },
      { count: 'items', collectionUUID },
      { distinct: 'items', key: 'a', collectionUUID },
      { insert: 'items', documents: [{}], collectionUUID },
      { update: 'items', updates: [{ q: {}, u: { $set: { a: 1 } } }], collectionUUID },
      { delete: 'items', deletes: [{ q: {}, limit: 0 }], collectionUUID },
      { createIndexes: 'items', indexes: [{ key: { a: 1 }, name: 'a' }], collectionUUID },
      { drop: 'items', collectionUUID },
    ];
    for (const command of commands) {
      expect((await failureOf(scratch.db.command(command))).code, Object.keys(command)[0]).toBe(361);
    }
    expect(await scratch.items.countDocuments()).toBe(1);
  });
});
