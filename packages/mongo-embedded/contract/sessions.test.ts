import { Binary, Timestamp, UUID } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';
import { WireClient } from './wire-client.ts';

// Sources: manual, "Server Sessions", "Read Concern", "Write Concern"; specifications, sessions and causal-consistency.
const server = useServer();

function time(value: unknown): bigint {
  if (!(value instanceof Timestamp)) throw new Error('expected a timestamp');
  return value.toBigInt();
}

describe('cluster time', () => {
  test('is in every reply, with the operation time, and never goes back', async () => {
    await using scratch = freshDatabase(server().client);
    let before = 0n;
    for (let round = 0; round < 20; round += 1) {
      const reply = await scratch.db.command(round % 2 === 0 ? { ping: 1 } : { insert: 'items', documents: [{}] });
      const clusterTime = time(reply['$clusterTime'].clusterTime);
      expect(reply['$clusterTime'].signature).toMatchObject({ hash: expect.anything(), keyId: expect.anything() });
      expect(clusterTime >= before).toBe(true);
      expect(clusterTime >= time(reply['operationTime'])).toBe(true);
      before = clusterTime;
    }
  });

  test('is different for each write', async () => {
    await using scratch = freshDatabase(server().client);
    const times = [];
    for (let round = 0; round < 30; round += 1) {
      times.push(time((await scratch.db.command({ insert: 'items', documents: [{}] }))['operationTime']));
    }
    expect(new Set(times).size).toBe(30);
    expect(times).toEqual([...times].sort((left, right) => (left < right ? -1 : 1)));
  });

  test('of a reply can be used for a causally consistent read', async () => {
    await using scratch = freshDatabase(server().client);
    await using session = server().client.startSession({ causalConsistency: true });
    await scratch.items.insertOne({ _id: 1 }, { session });
    expect(await scratch.items.findOne({ _id: 1 }, { session })).toEqual({ _id: 1 });
    expect(session.operationTime).toBeInstanceOf(Timestamp);
  });

  test('far ahead is refused as afterClusterTime', async () => {
    // Source: manual, "afterClusterTime"; a time ahead of the cluster's is InvalidOptions 72 or waits: with maxTimeMS it is 50.
    await using scratch = freshDatabase(server().client);
    const afterClusterTime = new Timestamp({ t: 4_000_000_000, i: 1 });
    const command = { find: 'items', readConcern: { level: 'majority', afterClusterTime }, maxTimeMS: 200 };
    const failure = await failureOf(scratch.db.command(command));
    expect([50, 72]).toContain(failure.code);
  });
});

describe('a logical session', () => {
  test('is accepted with a random id, refreshed and ended', async () => {
    await using wire = await WireClient.connect(server().url);
    const lsid = { id: new UUID() };
    expect(await wire.command('admin', { ping: 1, lsid })).toMatchObject({ ok: 1 });
    expect(await wire.command('admin', { refreshSessions: [lsid] })).toMatchObject({ ok: 1 });
    expect(await wire.command('admin', { endSessions: [lsid] })).toMatchObject({ ok: 1 });
    expect(await wire.command('admin', { killSessions: [lsid] })).toMatchObject({ ok: 1 });
  });

  test('can be created by startSession', async () => {
    const reply = await server().client.db('admin').command({ startSession: 1 });
    expect(reply).toMatchObject({ ok: 1, timeoutMinutes: 30 });
    expect(reply['id'].id).toBeInstanceOf(Binary);
  });

  test('whose id is not a UUID is refused', async () => {
    await using wire = await WireClient.connect(server().url);
    for (const lsid of [{ id: 'text' }, { id: new Binary(Buffer.alloc(3), 4) }, {}]) {
      expect(await wire.command('admin', { ping: 1, lsid })).toMatchObject({ ok: 0 });
    }
  });

  test('owns its cursors', async () => {
    // Source: mongodb/mongo getmore_cmd.cpp: 50738, "Cannot run getMore on cursor …, which was created in session …".
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{}, {}, {}]);
    await using one = server().client.startSession();
    await using two = server().client.startSession();
    const { cursor } = await scratch.db.command({ find: 'items', batchSize: 1 }, { session: one, promoteLongs: false });
    const getMore = { getMore: cursor.id, collection: 'items' };
    expect((await failureOf(scratch.db.command(getMore, { session: two }))).code).toBe(50738);
    expect((await scratch.db.command(getMore, { session: one }))['cursor'].nextBatch).toHaveLength(2);
  });
});

describe('concerns', () => {
  test('for reads that a replica set supports are accepted', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    for (const level of ['local', 'available', 'majority', 'linearizable', 'snapshot']) {
      const reply = await scratch.db.command({ find: 'items', readConcern: { level } });
      expect(reply['cursor'].firstBatch, level).toEqual([{ _id: 1 }]);
    }
  });

  test('for reads that do not exist are refused', async () => {
    // Source: mongodb/mongo read_concern_args.cpp: FailedToParse 9 / BadValue 2 for an unknown level.
    await using scratch = freshDatabase(server().client);
    const failure = await failureOf(scratch.db.command({ find: 'items', readConcern: { level: 'best' } }));
    expect([2, 9]).toContain(failure.code);
  });

  test('for writes that one node can satisfy are accepted', async () => {
    await using scratch = freshDatabase(server().client);
    for (const writeConcern of [{ w: 1 }, { w: 'majority' }, { w: 1, j: true }, { w: 'majority', wtimeout: 1000 }]) {
      expect(await scratch.db.command({ insert: 'items', documents: [{}], writeConcern })).toMatchObject({
        ok: 1,
        n: 1,
      });
    }
    expect(await scratch.items.countDocuments()).toBe(4);
  });

  test('for writes that need more nodes fail after the write', async () => {
    // Source: error_codes.yml: UnsatisfiableWriteConcern 100 ("Not enough data-bearing nodes"), UnknownReplWriteConcern 79.
    await using scratch = freshDatabase(server().client);
    const many = await scratch.db
      .command({ insert: 'items', documents: [{ _id: 1 }], writeConcern: { w: 3, wtimeout: 500 } })
      .catch((error: { result?: unknown; code: number }) => ({ writeConcernError: { code: error.code } }));
    expect(many['writeConcernError'].code).toBe(100);
    const unknown = await scratch.db
      .command({ insert: 'items', documents: [{ _id: 2 }], writeConcern: { w: 'tagged' } })
      .catch((error: { code: number }) => ({ writeConcernError: { code: error.code } }));
    expect(unknown['writeConcernError'].code).toBe(79);
    expect(await scratch.items.countDocuments()).toBe(2);
  });

  test('w: 0 writes without a reply', async () => {
    await using scratch = freshDatabase(server().client);
    const result = await scratch.items.insertOne({ _id: 1 }, { writeConcern: { w: 0 } });
    expect(result.acknowledged).toBe(false);
    await expect.poll(async () => scratch.items.countDocuments(), { timeout: 5_000 }).toBe(1);
  });
});
