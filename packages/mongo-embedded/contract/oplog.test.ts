import type { Document, Timestamp } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "Replica Set Oplog", "Tailable Cursors"; mongodb/mongo oplog_entry.idl, document_diff_serialization.h.
const server = useServer();

function oplog() {
  return server().client.db('local').collection('oplog.rs');
}

async function now(): Promise<Timestamp> {
  return (await server().client.db('admin').command({ ping: 1 }))['operationTime'] as Timestamp;
}

describe('local.oplog.rs', () => {
  test('shows each write with its time, operation, namespace and document', async () => {
    await using scratch = freshDatabase(server().client);
    const since = await now();
    await scratch.items.insertOne({ _id: 1, a: { b: 1, c: 1 }, list: [1, 2, 3], x: 1 });
    await scratch.items.updateOne({ _id: 1 }, { $set: { 'a.b': 2, 'list.1': 5 }, $unset: { x: 1 } });
    await scratch.items.replaceOne({ _id: 1 }, { y: 1 });
    await scratch.items.deleteOne({ _id: 1 });
    const ns = `${scratch.name}.items`;
    const entries = await oplog()
      .find({ ts: { $gt: since }, ns })
      .toArray();
    expect(entries).toMatchObject([
      { op: 'i', ns, o: { _id: 1, x: 1 }, o2: { _id: 1 } },
      { op: 'u', ns, o: { $v: 2, diff: { d: { x: false }, sa: { u: { b: 2 } }, slist: { a: true, u1: 5 } } } },
      { op: 'u', ns, o: { _id: 1, y: 1 }, o2: { _id: 1 } },
      { op: 'd', ns, o: { _id: 1 } },
    ]);
    const times = entries.map(({ ts }) => (ts as Timestamp).toBigInt());
    expect(times).toEqual([...times].sort((left, right) => Number(left - right)));
    for (const entry of entries) expect(entry).toMatchObject({ wall: expect.any(Date), ui: expect.anything() });
  });

  test('shows commands in the namespace of their database', async () => {
    await using scratch = freshDatabase(server().client);
    const since = await now();
    await scratch.db.createCollection('items');
    await scratch.items.rename('moved');
    await scratch.db.dropCollection('moved');
    const entries = await oplog()
      .find({ ts: { $gt: since }, ns: `${scratch.name}.$cmd` })
      .toArray();
    expect(entries.map(({ op, o }) => [op, o])).toMatchObject([
      ['c', { create: 'items' }],
      ['c', { renameCollection: `${scratch.name}.items`, to: `${scratch.name}.moved` }],
      ['c', { drop: 'moved' }],
    ]);
  });

  test('is read backwards for the newest entry', async () => {
    await using scratch = freshDatabase(server().client);
    const documents = Array.from({ length: 1_500 }, (_, id) => ({ _id: id }));
    await scratch.items.insertMany(documents);
    const ns = `${scratch.name}.items`;
    const [newest] = await oplog().find({ ns }).sort({ $natural: -1 }).limit(1).toArray();
    expect(newest).toMatchObject({ op: 'i', o: { _id: 1_499 } });
    const all = await oplog().find({ ns }).sort({ $natural: -1 }).project({ _id: 0, 'o._id': 1 }).toArray();
    expect(all.map(({ o }: Document) => o._id)).toEqual(documents.map(({ _id }) => _id).reverse());
  });

  test('has a size, a size at which the oldest entries go, and the times between which it reaches', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    const local = server().client.db('local');
    const { size, maxSize, capped, ns } = await local.command({ collStats: 'oplog.rs' });
    expect({ capped, ns }).toEqual({ capped: true, ns: 'local.oplog.rs' });
    expect(size).toBeGreaterThan(0);
    expect(Number(maxSize)).toBeGreaterThan(1024 * 1024);
    const admin = server().client.db('admin');
    const { oplog: times, operationTime } = await admin.command({ serverStatus: 1, oplog: 1 });
    const [oldest] = await oplog().find().sort({ $natural: 1 }).limit(1).toArray();
    expect(times.earliestOptime.compare(oldest?.['ts'])).toBeLessThanOrEqual(0);
    expect(times.latestOptime.compare(times.earliestOptime)).toBe(1);
    expect(times.latestOptime.compare(operationTime)).toBeLessThanOrEqual(0);
    expect(await admin.command({ serverStatus: 1 })).not.toHaveProperty('oplog');
  });

  test('is never taken for an empty collection by another command', async () => {
    if (server().kind !== 'embedded') return;
    const local = server().client.db('local');
    for (const command of [
      { count: 'oplog.rs' },
      { distinct: 'oplog.rs', key: 'op' },
      { aggregate: 'oplog.rs', pipeline: [], cursor: {} },
    ]) {
      expect((await failureOf(local.command(command))).code).toBe(115);
    }
  });

  test('is followed by a tailable cursor that waits for data', async () => {
    await using scratch = freshDatabase(server().client);
    const since = await now();
    const ns = `${scratch.name}.items`;
    const options = { tailable: true, awaitData: true, maxAwaitTimeMS: 500 };
    await using cursor = oplog().find({ ts: { $gt: since }, ns }, options);
    for (let id = 0; id < 5; id += 1) {
      await scratch.items.insertOne({ _id: id });
      expect(await cursor.next()).toMatchObject({ op: 'i', o: { _id: id } });
    }
  });
});
