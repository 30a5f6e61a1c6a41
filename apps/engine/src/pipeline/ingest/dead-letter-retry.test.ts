import { createEntity } from '@emcachers/db/control/entities';
import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { discardDeadLetters } from '@emcachers/db/statements/retry-dead-letters';
import { describe, expect, test } from 'vitest';
import { getEntity } from '../../../test/support/get-entity.ts';
import { type IngestBench, openIngestBench, until } from '../../../test/support/test-ingest.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { MongoSource } from '../change-source/change-source.ts';
import { createDeadLetterRetry, type RetryTally } from './dead-letter-retry.ts';

interface Item {
  readonly _id: string | number;
  readonly n?: unknown;
}

/** An entity whose column n refuses documents, live, with these documents at the source. */
async function openRefusing(documents: readonly Item[]) {
  const bench = await openIngestBench();
  const items = bench.mongo.db('shop').collection<Item>('items');
  if (documents.length > 0) await items.insertMany([...documents]);
  // The stream starts at a later time than the documents have, so that only the scan meets them.
  await bench.mongo.db('elsewhere').collection('marker').insertOne({});
  const n = { name: 'n', type: 'Integer', path: 'n', whenRefused: 'dead-letter' } as const;
  await createEntity(bench.oplog.database, { entityName: 'items', sourceName: 'shop.items', columns: [n] });
  bench.run();
  await bench.settled('items');
  return { bench, items, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
}

async function retry(
  bench: IngestBench,
  docIds: readonly string[] | null = null,
  source: MongoSource = bench.source,
): Promise<RetryTally> {
  const { database, writer } = bench.oplog;
  const run = createDeadLetterRetry({
    database,
    source,
    writer,
    clock: systemClock,
    projection: { rowBytesMax: 1_000_000, maskKey: null },
  });
  const { signal } = new AbortController();
  return run({ entity: await getEntity(database, 'items'), docIds, signal, onProgress: async () => undefined });
}

async function lettersOf(bench: IngestBench) {
  const { entityId } = await bench.oplog.entity('items');
  const letters = await readDeadLetters(bench.oplog.database, { entityId, limit: 1000 });
  return letters.map(({ docId, attempts }) => [docId, attempts]).toSorted();
}

const bad = { $set: { n: 'text' } };

/** Makes documents good behind the stream's back: PostgreSQL forgets that their changes healed them. */
async function healUnseen(bench: IngestBench, change: () => Promise<unknown>): Promise<void> {
  const { entityId } = await bench.oplog.entity('items');
  const { pool } = bench.oplog.database;
  await pool.query('CREATE TABLE kept AS SELECT * FROM dead_letter');
  await pool.query('CREATE TABLE kept_oplog AS SELECT max(id) AS id FROM oplog');
  await change();
  await bench.settled('items');
  await pool.query('DELETE FROM oplog o USING kept_oplog k WHERE o.id > k.id AND o.entity_id = $1', [entityId]);
  await pool.query('DELETE FROM dead_letter');
  await pool.query('INSERT INTO dead_letter OVERRIDING SYSTEM VALUE SELECT * FROM kept');
}

describe('I10: a retry of dead letters', () => {
  test('copies documents that are good, removes letters of documents that are gone, and counts an attempt of the others', async () => {
    await using refusing = await openRefusing([
      { _id: 'good', n: 'text' },
      { _id: 7, n: 'text' },
      { _id: 'gone', n: 'text' },
      { _id: 'bad', n: 'text' },
      { _id: 'copied', n: 1 },
    ]);
    const { bench, items } = refusing;
    expect(await lettersOf(bench)).toHaveLength(4);
    await healUnseen(bench, async () => {
      await items.updateMany({ _id: { $in: ['good', 7] } }, { $set: { n: 5 } });
      await items.deleteOne({ _id: 'gone' });
    });
    expect(await retry(bench)).toEqual({ total: 4, copied: 2, gone: 1, refused: 1, changed: 0, unreadable: 0 });
    expect(await lettersOf(bench)).toEqual([['bad', 2]]);
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
    expect((await bench.replayed('items')).size).toBe(3);
  });

  test('of named documents leaves the others alone', async () => {
    await using refusing = await openRefusing([
      { _id: 'a', n: 'text' },
      { _id: 'b', n: 'text' },
    ]);
    const { bench } = refusing;
    expect(await retry(bench, ['b', 'none'])).toMatchObject({ total: 1, refused: 1 });
    expect(await lettersOf(bench)).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  test('reads every one of many documents, also if a reply of MongoDB does not hold them all', async () => {
    const documents = Array.from({ length: 450 }, (_, index) => ({ _id: index, n: 'text' }));
    const large = Array.from({ length: 5 }, (_, index) => ({ _id: `large ${index}`, n: 'text', t: 'x'.repeat(6e6) }));
    await using refusing = await openRefusing([...documents, ...large]);
    const { bench } = refusing;
    expect(await retry(bench)).toMatchObject({ total: 455, refused: 455, gone: 0 });
    expect(new Set((await lettersOf(bench)).map(([, attempts]) => attempts))).toEqual(new Set([2]));
  });

  test.each([
    { what: 'becomes good', change: { $set: { n: 2 } }, letters: [], rows: 1 },
    { what: 'is refused again', change: { $set: { n: 'other text' } }, letters: [['a', 2]], rows: 0 },
    { what: 'is deleted', change: null, letters: [], rows: 0 },
  ])('does not write what it read if the document $what before the write', async ({ change, letters, rows }) => {
    await using refusing = await openRefusing([{ _id: 'a', n: 'text' }]);
    const { bench, items } = refusing;
    await healUnseen(bench, () => items.updateOne({ _id: 'a' }, { $set: { n: 1 } }));
    const source: MongoSource = {
      ...bench.source,
      readDocuments: async (request) => {
        const read = await bench.source.readDocuments(request);
        if (change === null) await items.deleteOne({ _id: 'a' });
        else await items.updateOne({ _id: 'a' }, change);
        await bench.settled('items');
        return read;
      },
    };
    expect(await retry(bench, null, source)).toMatchObject({ total: 1, copied: 0, changed: 1 });
    expect(await lettersOf(bench)).toEqual(letters);
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
    expect((await bench.replayed('items')).size).toBe(rows);
  });

  test('writes only once the stream has passed what was read', async () => {
    await using refusing = await openRefusing([{ _id: 'a', n: 'text' }]);
    const { bench } = refusing;
    const times: bigint[] = [];
    const source: MongoSource = {
      ...bench.source,
      operationTime: async () => {
        await bench.mongo.db('elsewhere').collection('marker').insertOne({});
        const time = await bench.source.operationTime();
        times.push(time);
        return time;
      },
    };
    await retry(bench, null, source);
    expect((await bench.oplog.writer.readPosition()).position?.clusterTime).toBeGreaterThanOrEqual(times[0] ?? 0n);
  });

  test('writes nothing while the entity is scanned', async () => {
    await using refusing = await openRefusing([{ _id: 'a', n: 'text' }]);
    const { bench } = refusing;
    const source: MongoSource = {
      ...bench.source,
      readDocuments: async (request) => {
        await bench.oplog.database.pool.query(`UPDATE entity SET route = 'staging'`);
        return bench.source.readDocuments(request);
      },
    };
    await expect(retry(bench, null, source)).rejects.toMatchObject({ code: 'EMC-5004' });
    expect(await lettersOf(bench)).toEqual([['a', 1]]);
  });
});

describe('dead letters', () => {
  test('are discarded by document or all; a later change of the document brings one back', async () => {
    await using refusing = await openRefusing(['a', 'b', 'c'].map((_id) => ({ _id, n: 'text' })));
    const { bench, items } = refusing;
    const { entityId } = await bench.oplog.entity('items');
    expect(await discardDeadLetters(bench.oplog.database.pool, { entityId, docIds: ['b'] })).toBe(1);
    expect((await lettersOf(bench)).map(([docId]) => docId)).toEqual(['a', 'c']);
    expect(await discardDeadLetters(bench.oplog.database.pool, { entityId, docIds: null })).toBe(2);
    await items.updateOne({ _id: 'b' }, { $set: { m: 1 } });
    await until(async () => (await lettersOf(bench)).length === 1);
    expect(await lettersOf(bench)).toEqual([['b', 1]]);
  });

  test('agree with the scanned documents and the rows, and are gone when the collection is dropped', async () => {
    await using refusing = await openRefusing([
      { _id: 'a', n: 'text' },
      { _id: 'b', n: 1 },
    ]);
    const { bench, items } = refusing;
    await items.updateOne({ _id: 'a' }, bad);
    await items.updateOne({ _id: 'a' }, { $set: { n: 'third text' } });
    await bench.settled('items');
    expect(await bench.oplog.entity('items')).toMatchObject({ deadLetters: 1, scan: { scanned: 2 } });
    expect(await lettersOf(bench)).toEqual([['a', 2]]);
    await items.drop();
    await bench.settled('items');
    expect(await lettersOf(bench)).toEqual([]);
  });
});
