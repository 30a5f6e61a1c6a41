/**
 * How a client can tell one source from another, and that no position of another source is accepted. Only the embedded
 * server can be started here on several data folders; against another server those tests are skipped.
 */
import { Binary, type Document, MongoServerError, ObjectId, Timestamp, UUID } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { failureOf } from '../failure-of.ts';
import { freshDatabase } from '../fresh-database.ts';
import { copyOf, isForeign, type RunningServer, runServer, temporaryFolder } from '../running-server.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, replSetGetConfig (settings.replicaSetId), listCollections (info.uuid), "Change Streams"
// (ChangeStreamHistoryLost 286); mongodb/mongo document_source_change_stream_ensure_resume_token_present.cpp (280).
const CHANGE_STREAM_FATAL = 280;
const CHANGE_STREAM_HISTORY_LOST = 286;
const server = useServer();

async function identityOf({ client }: Pick<RunningServer, 'client'>): Promise<Document> {
  const admin = client.db('admin');
  const { config } = await admin.command({ replSetGetConfig: 1 });
  const { setName, electionId, setVersion } = await admin.command({ hello: 1 });
  return { replicaSetId: config.settings.replicaSetId, setId: config._id, setName, electionId, setVersion };
}

/** Positions of a source: of its event, of its idle stream, and times. */
async function positionsOf(running: RunningServer, id: string): Promise<Document[]> {
  const request = { database: running.db, collection: 'items' };
  await using stream = await ChangeStreamReader.open(request);
  const atOpening = stream.postBatchResumeToken;
  await running.items.insertOne({ _id: id });
  const event = await stream.next();
  await running.db.collection('other').insertOne({});
  await expect
    .poll(async () => (await stream.nextBatch(50)).postBatchResumeToken['_data'] > event['_id']._data, {
      timeout: 10_000,
    })
    .toBe(true);
  const tokens = { atOpening, event: event['_id'], idle: stream.postBatchResumeToken };
  return Object.entries(tokens).flatMap(([name, token]) => [
    { name, resumeAfter: token },
    { name, startAfter: token },
  ]);
}

/** The code with which the server refuses the position; null if it accepts it. */
async function codeAt({ db }: RunningServer, position: Document): Promise<unknown> {
  const { name, ...options } = position;
  try {
    await using stream = await ChangeStreamReader.open({ database: db, collection: 'items', options });
    return stream.isOpen ? null : 'closed';
  } catch (error) {
    if (error instanceof MongoServerError) return error.code;
    throw error;
  }
}

describe('the identity of a source', () => {
  test('is the replica set id of its configuration, the name of its set and the UUIDs of its collections', async () => {
    const identity = await identityOf(server());
    expect(identity['replicaSetId']).toBeInstanceOf(ObjectId);
    expect(identity['electionId']).toBeInstanceOf(ObjectId);
    expect(identity['setName']).toBe(identity['setId']);
    expect(await identityOf(server())).toEqual(identity);
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    const [collection] = await scratch.db.listCollections().toArray();
    expect((collection as Document)['info'].uuid).toBeInstanceOf(UUID);
  });

  test('comes with every reply that is asked for replication metadata', async () => {
    // Source: mongodb/mongo src/mongo/rpc/metadata/repl_set_metadata.cpp, `$replData`.
    const { replicaSetId } = await identityOf(server());
    const reply = await server().client.db('admin').command({ ping: 1, $replData: 1 });
    expect(reply['$replData']).toMatchObject({ replicaSetId, isPrimary: true, term: expect.anything() });
    expect(await server().client.db('admin').command({ ping: 1 })).not.toHaveProperty('$replData');
  });

  test.skipIf(isForeign)('stays with its data folder, and another folder has another one', async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    const seen: Document[] = [];
    for (const path of [folder.path, folder.path, other.path]) {
      await using running = await runServer({ path });
      seen.push(await identityOf(running));
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]?.['setName']).toBe(seen[0]?.['setName']);
    expect(String(seen[2]?.['replicaSetId'])).not.toBe(String(seen[0]?.['replicaSetId']));
  });
});

describe.skipIf(isForeign)('a position of another data folder', () => {
  test('is refused where it is older than the history', async () => {
    await using first = await runServer({ memory: true });
    const positions = await positionsOf(first, 'first');
    const clock = await import('../../src/clock.ts').then(({ createSystemClock }) => createSystemClock());
    await using second = await runServer({ memory: true, clock: { ...clock, nowMs: () => clock.nowMs() + 60_000 } });
    await second.items.insertOne({ _id: 'second' });
    const { operationTime } = await first.db.command({ ping: 1 });
    for (const position of [...positions, { name: 'time', startAtOperationTime: operationTime }]) {
      expect(await codeAt(second, position), position['name']).toBe(CHANGE_STREAM_HISTORY_LOST);
    }
    const birth = new Timestamp({ t: 1, i: 1 });
    expect(await codeAt(second, { startAtOperationTime: birth })).toBe(CHANGE_STREAM_HISTORY_LOST);
  });

  test('is refused where the history has been written for longer, or less long', async () => {
    await using first = await runServer({ memory: true });
    await using second = await runServer({ memory: true });
    await second.items.insertOne({ _id: 'second' });
    const positions = await positionsOf(first, 'first');
    const expectRefused = async (): Promise<void> => {
      for (const position of positions) {
        expect([CHANGE_STREAM_FATAL, CHANGE_STREAM_HISTORY_LOST], position['name']).toContain(
          await codeAt(second, position),
        );
      }
    };
    await expectRefused();
    for (let id = 0; id < 50; id += 1) await second.items.insertOne({ _id: id });
    await expectRefused();
  });

  test('fails with a label that forbids to resume', async () => {
    await using first = await runServer({ memory: true });
    await using second = await runServer({ memory: true });
    for (const { name, ...options } of await positionsOf(first, 'first')) {
      const failure = await failureOf(ChangeStreamReader.open({ database: second.db, collection: 'items', options }));
      expect(failure.errorLabels, name).toContain('NonResumableChangeStreamError');
    }
  });
});

describe.skipIf(isForeign)('a copy of a data folder', () => {
  test('accepts the positions that were there when it was made, and none that came later', async () => {
    await using folder = await temporaryFolder();
    const common = await (async () => {
      await using original = await runServer({ path: folder.path });
      return await positionsOf(original, 'common');
    })();
    await using copied = await copyOf(folder);
    await using original = await runServer({ path: folder.path });
    const ofOriginal = await positionsOf(original, 'original');
    await using copy = await runServer({ path: copied.path });
    const ofCopy = await positionsOf(copy, 'copy');
    expect((await identityOf(copy))['replicaSetId']).toEqual((await identityOf(original))['replicaSetId']);
    for (const position of ofOriginal) expect(await codeAt(copy, position), position['name']).toBe(CHANGE_STREAM_FATAL);
    for (const position of ofCopy) expect(await codeAt(original, position), position['name']).toBe(CHANGE_STREAM_FATAL);
    for (const { name, ...options } of common) {
      await using stream = await ChangeStreamReader.open({ database: copy.db, collection: 'items', options });
      const seen = await stream.takeUntil((event) => event['documentKey']._id === 'copy');
      expect(
        seen.map((event) => event['documentKey']._id),
        name,
      ).not.toContain('original');
    }
  });

  test('of a running server refuses what that server wrote after the copy', async () => {
    await using folder = await temporaryFolder();
    await using original = await runServer({ path: folder.path });
    const before = await positionsOf(original, 'before');
    await using copied = await copyOf(folder);
    // One second later, because the copy knows the time of the original to the second.
    const { operationTime } = await original.db.command({ ping: 1 });
    await expect
      .poll(async () => (await original.db.command({ insert: 'x', documents: [{}] }))['operationTime'].t, {
        timeout: 5_000,
      })
      .toBeGreaterThan((operationTime as Timestamp).t);
    const after = await positionsOf(original, 'after');
    await using copy = await runServer({ path: copied.path });
    for (const position of after) expect(await codeAt(copy, position), position['name']).toBe(CHANGE_STREAM_FATAL);
    for (const position of before) expect(await codeAt(copy, position), position['name']).toBeNull();
  });

  test('of the same collection keeps its UUID, so an equal event at another time is no match', async () => {
    await using folder = await temporaryFolder();
    {
      await using original = await runServer({ path: folder.path });
      await original.db.createCollection('items');
    }
    await using copied = await copyOf(folder);
    await using original = await runServer({ path: folder.path });
    await using copy = await runServer({ path: copied.path });
    const uuids = await Promise.all(
      [original, copy].map(async ({ db }) => ((await db.listCollections().toArray())[0] as Document)['info'].uuid),
    );
    expect(String(uuids[0] as Binary)).toBe(String(uuids[1] as Binary));
    const [, , event] = await positionsOf(original, 'same');
    // Both servers may have started in one second and count the same increments.
    for (let id = 0; id < 10; id += 1) await copy.items.insertOne({ _id: id });
    await copy.items.insertOne({ _id: 'same' });
    expect(await codeAt(copy, event as Document)).toBe(CHANGE_STREAM_FATAL);
  });
});

describe.skipIf(isForeign)('a position of this data folder', () => {
  test('is accepted after any number of restarts', async () => {
    await using folder = await temporaryFolder();
    const positions: Document[] = [];
    for (let round = 0; round < 3; round += 1) {
      await using running = await runServer({ path: folder.path });
      positions.push(...(await positionsOf(running, `round ${round}`)));
      for (const position of positions) expect(await codeAt(running, position), position['name']).toBeNull();
    }
  });

  test('is accepted at a time that only another client had sent', async () => {
    // Source: specifications, causal consistency: a server adopts a later `$clusterTime`.
    await using folder = await temporaryFolder();
    let token: Document;
    {
      await using running = await runServer({ path: folder.path });
      const ahead = new Timestamp({ t: Math.floor(Date.now() / 1000) + 1_000, i: 7 });
      const signature = { hash: new Binary(Buffer.alloc(20)), keyId: 0n };
      await running.db.command({ ping: 1, $clusterTime: { clusterTime: ahead, signature } });
      await using stream = await ChangeStreamReader.open({ database: running.db, collection: 'items' });
      token = stream.postBatchResumeToken;
    }
    await using running = await runServer({ path: folder.path });
    const options = { resumeAfter: token };
    await using stream = await ChangeStreamReader.open({ database: running.db, collection: 'items', options });
    await running.items.insertOne({ _id: 'later' });
    expect((await stream.next())['documentKey']).toEqual({ _id: 'later' });
  });
});
