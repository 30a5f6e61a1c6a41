import { createMongoServer, type MongoServer } from '@emcachers/mongo-embedded';
import { serialize } from 'bson';
import { type Document, MongoClient, MongoServerError } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orderedKeys } from '../../../test/support/key-documents.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { ChangeStream, MongoSource } from './change-source.ts';
import type { ChangeBatch, CollectionPage, LastKey } from './change-source-types.ts';
import { createMongoSource } from './mongo-source.ts';
import { tokenPosition } from './resume-token.ts';
import { streamPipeline } from './stream-pipeline.ts';

let server: MongoServer;
let url: string;
let client: MongoClient;
let source: MongoSource;

beforeAll(async () => {
  server = createMongoServer({ memory: true });
  ({ url } = await server.start());
  client = new MongoClient(url);
  source = createMongoSource({ url, clock: systemClock });
});
afterAll(async () => {
  await source.close();
  await client.close();
  await server.stop();
});

async function scan(collection: string, limit: number): Promise<CollectionPage[]> {
  const pages: CollectionPage[] = [];
  const namespace = { database: 'scans', collection };
  let after: LastKey = { kind: 'none' };
  for (;;) {
    const page = await source.readPage({ namespace, after, limit, notBefore: 0n });
    pages.push(page);
    if (page.exhausted || page.lastKey === null) return pages;
    after = { kind: 'key', document: page.lastKey };
  }
}

describe('reading a collection by pages', () => {
  test.each([1, 2, 1000])('finds _ids of every type in order, including null, with %i per page', async (limit) => {
    const collection = `mixed${limit}`;
    const keys = orderedKeys();
    const shuffled = keys.map((key, index) => ({ key, at: (index * 7919) % keys.length })).sort((a, b) => a.at - b.at);
    for (const { key } of shuffled)
      await client.db('scans').command({ insert: collection, documents: [new Map([['_id', key]])] });
    const read = (await scan(collection, limit)).flatMap(({ documents }) => documents);
    expect(read.map((document) => Buffer.from(document).toString('hex'))).toEqual(
      keys.map((key) => Buffer.from(serialize(new Map([['_id', key]]))).toString('hex')),
    );
  });

  test('orders strings by bytes in a collection that has a collation', async ({ skip }) => {
    try {
      await client.db('scans').createCollection('collated', { collation: { locale: 'en', strength: 1 } });
    } catch {
      skip('This server has no collations.');
    }
    const ids = ['b', 'A', 'c', 'á'];
    for (const id of ids) await client.db('scans').command({ insert: 'collated', documents: [{ _id: id }] });
    const pages = await scan('collated', 1);
    expect(pages.flatMap(({ documents }) => documents)).toHaveLength(4);
  });

  test('is never older than the time that it is asked for (1.3)', async () => {
    // A server refuses, or waits for, a time that it has not reached.
    const notBefore = (await source.operationTime()) + (1_000n << 32n);
    const namespace = { database: 'scans', collection: 'times' };
    await client.db('scans').collection<{ _id: number }>('times').insertOne({ _id: 1 });
    const after = { kind: 'none' } as const;
    await expect(source.readPage({ namespace, after, limit: 1, notBefore })).rejects.toThrow('afterClusterTime');
    const keys = [serialize({ _id: 1 })];
    const keyed = { namespace, keys, keysOnly: false };
    await expect(source.readDocuments({ ...keyed, notBefore })).rejects.toThrow('afterClusterTime');
    await expect(source.countDocuments({ namespace, notBefore })).rejects.toThrow('afterClusterTime');
    expect((await source.readDocuments({ ...keyed, notBefore: await source.operationTime() })).documents).toHaveLength(
      1,
    );
  });

  test('a collection that does not exist is empty and has no metadata', async () => {
    expect(await scan('absent', 2)).toMatchObject([{ documents: [], exhausted: true }]);
    expect(await source.collectionFacts({ database: 'scans', collection: 'absent' })).toBeNull();
  });

  test('dropping and recreating a collection changes its UUID', async () => {
    const namespace = { database: 'scans', collection: 'again' };
    await client.db('scans').createCollection('again');
    const before = await source.collectionFacts(namespace);
    await client.db('scans').dropCollection('again');
    await client.db('scans').createCollection('again');
    const after = await source.collectionFacts(namespace);
    expect(before).toMatchObject({ kind: 'collection', uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(after?.uuid).not.toBe(before?.uuid);
  });

  test('samples documents from both ends without duplicates, and omits system collections from the list', async () => {
    for (let id = 0; id < 20; id++) await client.db('samples').command({ insert: 'a.b', documents: [{ _id: id }] });
    const namespace = { database: 'samples', collection: 'a.b' };
    expect(await source.sample(namespace, 5)).toHaveLength(5);
    expect(await source.sample(namespace, 100)).toHaveLength(20);
    const listed = await source.listCollections();
    expect(listed).toContainEqual(namespace);
    expect(listed.some(({ database }) => database === 'admin' || database === 'local')).toBe(false);
  });
});

describe('the server', () => {
  test('reports its replica set and version', async () => {
    expect(await source.describe()).toMatchObject({ setName: 'rs0', isSharded: false });
  });

  test('an unreachable server is EMC-2001 and an invalid URL is EMC-1001, without the password', async () => {
    const away = createMongoSource({
      url: 'mongodb://127.0.0.1:1/?replicaSet=x',
      clock: systemClock,
      selectionMsMax: 50,
    });
    await expect(away.describe()).rejects.toMatchObject({
      code: 'EMC-2001',
      detail: expect.stringContaining('MONGO_URL'),
    });
    await away.close();
    const wrong = (): MongoSource => createMongoSource({ url: 'mongodb://u:secret@/%%', clock: systemClock });
    expect(wrong).toThrow('EMC-1001');
    expect(wrong).not.toThrow('secret');
  });
});

describe('the change stream', () => {
  const followed = { database: 'live', collection: 'a' };
  const pipeline = streamPipeline([followed]);

  async function next(stream: ChangeStream): Promise<ChangeBatch> {
    for (;;) {
      const batch = await stream.next();
      if (batch === null) throw new Error('The stream has ended.');
      if (batch.events.length > 0) return batch;
    }
  }
  async function openCursors(): Promise<number> {
    const status = await client.db('admin').command({ serverStatus: 1 });
    return Number(status['metrics'].cursor.open.total);
  }

  test('starts at an operation time, inclusive, and resumes after a token', async () => {
    const collection = client.db('live').collection<{ _id: number }>('a');
    const clusterTime = await source.operationTime();
    await collection.insertOne({ _id: 1 });
    const { signal } = new AbortController();
    const first = await source.openStream({ position: { kind: 'time', clusterTime }, pipeline, signal });
    const batch = await next(first);
    await first.close();
    expect(batch.events).toHaveLength(1);
    if (batch.end === null) throw new Error('no end');
    await collection.insertOne({ _id: 2 });
    await client.db('elsewhere').collection('a').insertOne({ x: 1 });
    const second = await source.openStream({ position: batch.end, pipeline, signal });
    const { events } = await next(second);
    await second.close();
    expect(events.map(({ event }) => event)).toMatchObject([{ kind: 'document', namespace: followed }]);
  });

  test('its position advances while the watched collections do not change', async () => {
    const clusterTime = await source.operationTime();
    const { signal } = new AbortController();
    const stream = await source.openStream({ position: { kind: 'time', clusterTime }, pipeline, signal });
    await client.db('elsewhere').collection('a').insertOne({ x: 1 });
    const passed = await source.operationTime();
    let end: ChangeBatch['end'] = null;
    while (end === null || end.clusterTime < passed) end = (await stream.next())?.end ?? null;
    await stream.close();
    expect(end.clusterTime).toBeGreaterThanOrEqual(passed);
  });

  test('its position advances after resuming from its last change', async () => {
    const clusterTime = await source.operationTime();
    const { signal } = new AbortController();
    await client.db('live').collection('a').insertOne({ x: 1 });
    const first = await source.openStream({ position: { kind: 'time', clusterTime }, pipeline, signal });
    let token: Uint8Array | undefined;
    while (token === undefined) token = (await next(first)).events.at(-1)?.token;
    await first.close();
    const second = await source.openStream({ position: tokenPosition(token), pipeline, signal });
    await client.db('elsewhere').collection('a').insertOne({ x: 1 });
    const passed = await source.operationTime();
    let end: ChangeBatch['end'] = null;
    while (end === null || end.clusterTime < passed) end = (await second.next())?.end ?? null;
    await second.close();
    expect(end.clusterTime).toBeGreaterThanOrEqual(passed);
  });

  test('a rename onto a followed collection arrives, although it has the name of the other (2.9)', async () => {
    const target = { database: 'live', collection: 'target' };
    const live = client.db('live');
    for (const name of ['target', 'unfollowed']) await live.collection<{ _id: string }>(name).insertOne({ _id: name });
    const clusterTime = (await source.operationTime()) + 1n;
    await live.collection('unfollowed').rename('target', { dropTarget: true });
    const passed = await source.operationTime();
    const { signal } = new AbortController();
    const position = { kind: 'time', clusterTime } as const;
    const stream = await source.openStream({ position, pipeline: streamPipeline([target]), signal });
    const kinds: string[] = [];
    let end: ChangeBatch['end'] = null;
    while (end === null || end.clusterTime < passed) {
      const batch = await stream.next();
      kinds.push(...(batch?.events ?? []).map(({ event }) => event.kind));
      end = batch?.end ?? null;
    }
    await stream.close();
    expect(kinds).toContain('collection-renamed');
  });

  test('a token of an invalidate event is not refused as such: a stream starts after it (2.8)', async () => {
    const doomed = client.db('live').collection<{ _id: number }>('doomed');
    await doomed.insertOne({ _id: 1 });
    const watched = doomed.watch();
    await watched.tryNext();
    await doomed.drop();
    let event = await watched.next();
    while (event.operationType !== 'invalidate') event = await watched.next();
    await watched.close();
    const { signal } = new AbortController();
    const position = tokenPosition(serialize(event._id as Document));
    // A stream of another scope may not know the event (280); `resumeAfter` would be refused before it is looked for (260).
    const outcome = await source.openStream({ position, pipeline, signal }).then(
      (stream) => stream.close(),
      (error: unknown) => (error instanceof MongoServerError ? error.code : error),
    );
    expect([undefined, 280]).toContain(outcome);
  });

  test('an update whose document is gone when it is looked up says so (1.16)', async () => {
    const collection = client.db('live').collection<{ _id: number; n?: number }>('a');
    await collection.insertOne({ _id: 400 });
    const before = (await source.operationTime()) + 1n;
    await collection.updateOne({ _id: 400 }, { $set: { n: 1 } });
    await collection.deleteOne({ _id: 400 });
    const { signal } = new AbortController();
    const stream = await source.openStream({ position: { kind: 'time', clusterTime: before }, pipeline, signal });
    // Only the update is looked at, as if deletions did not reach us.
    const [first] = (await next(stream)).events;
    await stream.close();
    expect(first?.event).toMatchObject({ kind: 'document', namespace: followed, document: null });
  });

  test('has no position between the fragments of a change (2.13)', async () => {
    const before = (await source.operationTime()) + 1n;
    const collection = client.db('live').collection<{ _id: string; t: string }>('a');
    // The event has the key four times, twice of it in its token, so that it is above 16 MB although the document is not.
    await collection.insertOne({ _id: 'x'.repeat(20_000), t: 'y'.repeat(16_715_000) });
    const { signal } = new AbortController();
    const stream = await source.openStream({ position: { kind: 'time', clusterTime: before }, pipeline, signal });
    const first = await stream.next();
    expect(first).toMatchObject({ events: [], end: null });
    const second = await next(stream);
    await stream.close();
    expect(second.events.map((each) => each.event)).toMatchObject([{ kind: 'document', namespace: followed }]);
    expect(second.end).not.toBeNull();
  });

  test('stops promptly two hundred times and leaves no cursor open', async () => {
    const before = await openCursors();
    // An idle clock stands still: without a write of its own, every stream would begin with the newest change, which may be a large one.
    await client.db('elsewhere').collection('a').insertOne({ x: 1 });
    const clusterTime = await source.operationTime();
    let slowestMs = 0;
    for (let round = 0; round < 200; round++) {
      const stop = new AbortController();
      const { signal } = stop;
      const stream = await source.openStream({ position: { kind: 'time', clusterTime }, pipeline, signal });
      await stream.next();
      const waiting = stream.next().catch(() => null);
      const startMs = performance.now();
      stop.abort();
      await stream.close();
      await waiting;
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
    }
    expect(await openCursors()).toBe(before);
    expect(slowestMs).toBeLessThan(1000);
  });
});
