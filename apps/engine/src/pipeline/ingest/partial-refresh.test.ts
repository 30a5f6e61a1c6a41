import { createEntity } from '@emcachers/db/control/entities';
import { setPaused } from '@emcachers/db/control/entity-requests';
import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { Decimal128, Long, ObjectId, Timestamp, UUID } from 'bson';
import { describe, expect, test, vi } from 'vitest';
import { getEntity } from '../../../test/support/get-entity.ts';
import { type IngestBench, openIngestBench, testColumns, until } from '../../../test/support/test-ingest.ts';
import { selectionOf } from '../../control/job/document-input.ts';
import { systemClock } from '../../runtime/clock.ts';
import { Exclusive } from '../../runtime/exclusive.ts';
import type { MongoSource } from '../change-source/change-source.ts';
import { createErasure } from '../oplog/erasure.ts';
import { createPartialRefresh } from './partial-refresh.ts';
import type { RereadTally } from './reread.ts';
import { ScanThrottle } from './scan-throttle.ts';

type Id = string | number | boolean | Date | ObjectId | UUID | Long | Decimal128 | Timestamp | Map<string, Id>;

interface Item {
  readonly _id: Id;
  readonly n?: unknown;
  readonly t?: unknown;
  readonly at?: Date;
}

async function openLive(documents: readonly Item[]) {
  const bench = await openIngestBench();
  const items = bench.mongo.db('shop').collection<Item>('items');
  if (documents.length > 0) await items.insertMany([...documents]);
  await bench.mongo.db('elsewhere').collection('marker').insertOne({});
  await createEntity(bench.oplog.database, {
    entityName: 'items',
    sourceName: 'shop.items',
    columns: [{ name: 'n', type: 'Integer', path: 'n', whenRefused: 'dead-letter' }, ...testColumns.slice(1)],
  });
  const running = bench.run();
  await bench.settled('items');
  return { bench, items, running, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
}

type Selected = Parameters<typeof selectionOf>[0];

interface Call {
  readonly source?: MongoSource;
  readonly signal?: AbortSignal;
  readonly onProgress?: (tally: Readonly<RereadTally>) => Promise<void>;
}

async function refresh(bench: IngestBench, documents: Selected, call: Call = {}): Promise<Readonly<RereadTally>> {
  const { database, writer } = bench.oplog;
  const { source = bench.source, signal = new AbortController().signal, onProgress = async () => undefined } = call;
  const throttle = new ScanThrottle(systemClock, 0);
  const limits = { clock: systemClock, throttle, projection: { rowBytesMax: 1_000_000, maskKey: null } };
  const run = createPartialRefresh({ database, source, writer, ...limits });
  return run({ entity: await getEntity(database, 'items'), selection: selectionOf(documents), signal, onProgress });
}

/** Changes that the oplog does not see: what a partial refresh is for. Deletes the entries that the stream brings. */
async function unseen(bench: IngestBench, change: () => Promise<unknown>): Promise<void> {
  const { entityId } = await bench.oplog.entity('items');
  const { pool } = bench.oplog.database;
  const answer = await pool.query<{ id: number }>('SELECT COALESCE(max(id), 0) AS id FROM oplog');
  await change();
  await bench.settled('items');
  await pool.query('DELETE FROM oplog WHERE entity_id = $1 AND id > $2', [entityId, answer.rows[0]?.id]);
}

async function entriesOf(bench: IngestBench): Promise<number> {
  return (await bench.oplog.page((await bench.oplog.entity('items')).entityId)).entries.length;
}

describe('I1: a partial refresh by ids', () => {
  test('writes what changed, deletes what is gone, and touches no other row', async () => {
    await using live = await openLive(['a', 'b', 'c', 'd'].map((_id) => ({ _id, n: 1 })));
    const { bench, items } = live;
    await unseen(bench, async () => {
      await items.updateMany({}, { $set: { n: 2 } });
      await items.deleteMany({ _id: { $in: ['b', 'd'] } });
    });
    const before = await bench.replayed('items');
    expect(await refresh(bench, { ids: ['a', 'b', 'never'] })).toEqual({ written: 1, gone: 1, refused: 0, changed: 0 });
    const after = await bench.replayed('items');
    expect(after.get('a')).toBe((await bench.projected('items')).get('a'));
    expect([after.has('b'), after.get('c'), after.get('d')]).toEqual([false, before.get('c'), before.get('d')]);
  });

  test('takes an _id of any BSON type in Extended JSON', async () => {
    const oid = new ObjectId();
    const uuid = new UUID();
    const at = new Date(1_700_000_000_123);
    const given: [Id, unknown][] = [
      ['text', 'text'],
      [7, { $numberInt: '7' }],
      [Long.fromString('9007199254740993'), { $numberLong: '9007199254740993' }],
      [1.5, 1.5],
      [Decimal128.fromString('0.10'), { $numberDecimal: '0.1' }],
      [oid, { $oid: oid.toHexString() }],
      [oid.toHexString(), oid.toHexString()],
      [uuid, { $uuid: uuid.toString() }],
      [at, { $date: at.toISOString() }],
      [new Timestamp({ t: 5, i: 6 }), { $timestamp: { t: 5, i: 6 } }],
      [new Map<string, Id>(Object.entries({ a: 1, b: 'x' })), { a: 1, b: 'x' }],
      [true, true],
    ];
    await using live = await openLive(given.map(([_id]) => ({ _id, n: 1 })));
    const { bench, items } = live;
    await unseen(bench, () => items.updateMany({}, { $set: { n: 2 } }));
    const ids = given.map(([, id]) => id);
    expect(await refresh(bench, { ids })).toMatchObject({ written: given.length, gone: 0 });
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
    await unseen(bench, () => items.deleteMany({}));
    expect(await refresh(bench, { ids })).toMatchObject({ written: 0, gone: given.length });
    expect((await bench.replayed('items')).size).toBe(0);
  });

  test('keeps a document that cannot be projected as a dead letter, and heals one that can', async () => {
    await using live = await openLive([
      { _id: 'good', n: 'text' },
      { _id: 'bad', n: 1 },
    ]);
    const { bench, items } = live;
    const { entityId } = await bench.oplog.entity('items');
    const { pool } = bench.oplog.database;
    await pool.query('CREATE TABLE kept AS SELECT * FROM dead_letter');
    await unseen(bench, async () => {
      await items.updateOne({ _id: 'good' }, { $set: { n: 1 } });
      await items.updateOne({ _id: 'bad' }, { $set: { n: 'text' } });
    });
    await pool.query('DELETE FROM dead_letter');
    await pool.query('INSERT INTO dead_letter OVERRIDING SYSTEM VALUE SELECT * FROM kept');
    expect(await refresh(bench, { ids: ['good', 'bad'] })).toEqual({ written: 1, gone: 0, refused: 1, changed: 0 });
    const letters = await readDeadLetters(bench.oplog.database, { entityId, limit: 10 });
    expect(letters.map(({ docId }) => docId)).toEqual(['bad']);
    expect([...(await bench.replayed('items')).keys()]).toEqual(['good']);
  });

  test('ends only when the oplog has the changes that were under way, so that an erasure after it leaves nothing', async () => {
    await using live = await openLive([{ _id: 'a', n: 1 }]);
    const { bench, items, running } = live;
    const { database, epoch, writer } = bench.oplog;
    const { entityId } = await bench.oplog.entity('items');
    await running.stop();
    await items.insertMany([
      { _id: 'x', n: 1 },
      { _id: 'y', n: 'refused' },
    ]);
    await items.deleteMany({ _id: { $in: ['x', 'y'] } });
    const positions = vi.spyOn(writer, 'readPosition');
    const refreshed = refresh(bench, { ids: ['x', 'y'] });
    const looked = until(() => positions.mock.calls.length > 3);
    expect(await Promise.race([refreshed.then(() => 'ended'), looked.then(() => 'waits')])).toBe('waits');
    bench.run();
    await refreshed;
    const { signal } = new AbortController();
    const erase = createErasure({ database, epoch, upkeep: new Exclusive() });
    expect(await erase({ entityId, docIds: ['x', 'y'], signal })).toMatchObject({ kind: 'erased' });
    await bench.settled('items');
    const entries = (await bench.oplog.page(entityId)).entries.filter(({ docId }) => docId !== 'a');
    expect(entries.filter(({ data }) => data !== null)).toEqual([]);
    expect(entries.map(({ docId }) => docId)).toContain('x');
    expect(await readDeadLetters(database, { entityId, limit: 10 })).toEqual([]);
  });

  test.each([
    ['[1]', [1]],
    ['a pattern', { $regularExpression: { pattern: 'a', options: '' } }],
    ['a wrong $oid', { $oid: 'x' }],
  ])('refuses %s with the id at fault', (_, id) => {
    expect(() => selectionOf({ ids: ['a', id] })).toThrowError(
      expect.objectContaining({
        code: 'EMC-5001',
        fields: [expect.objectContaining({ path: ['documents', 'ids', 1] })],
      }),
    );
  });
});

describe('a partial refresh by a query', () => {
  test('reads every match of many pages, and leaves the others alone', async () => {
    await using live = await openLive(
      Array.from({ length: 1_300 }, (_, _id) => ({ _id, n: 1, t: _id % 2 === 0 ? 'even' : 'odd' })),
    );
    const { bench, items } = live;
    await unseen(bench, () => items.updateMany({}, { $set: { n: 2 } }));
    expect(await refresh(bench, { query: { t: 'even', _id: { $lt: 1_200 } } })).toMatchObject({ written: 600 });
    const rows = [...(await bench.replayed('items')).values()];
    expect(rows.filter((row) => row.startsWith('[2,'))).toHaveLength(600);
    await refresh(bench, { query: {} });
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
  });

  test('that MongoDB does not take is refused with its reason', async () => {
    await using live = await openLive([]);
    const namespace = { database: 'shop', collection: 'items' };
    const check = live.bench.source.checkFilter({ namespace, filter: { n: { $around: 1 } } });
    await expect(check).rejects.toMatchObject({ code: 'EMC-5012', detail: expect.stringContaining('$around') });
    await live.bench.source.checkFilter({ namespace, filter: { n: { $gt: 1 } } });
  });

  test.each([
    ['steps down', { errorCode: 189 }, 'EMC-2004'],
    ['closes the connection', { closeConnection: true }, 'EMC-2001'],
  ])('is not called wrong by a server that %s meanwhile', async (_what, data, code) => {
    await using live = await openLive([]);
    const { mongo, source } = live.bench;
    await mongo
      .db('admin')
      .command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data: { failCommands: ['find'], ...data } });
    const check = source.checkFilter({ namespace: { database: 'shop', collection: 'items' }, filter: { n: 1 } });
    await expect(check).rejects.toMatchObject({ code });
  });
});

describe('a partial refresh since a time', () => {
  const day = (date: number): Date => new Date(Date.UTC(2026, 0, date));

  test('by ObjectIds reads later documents and deletes those that are gone, and leaves earlier ones alone', async () => {
    const idOf = (date: number): ObjectId => ObjectId.createFromTime(day(date).getTime() / 1000);
    await using live = await openLive([
      ...[1, 2, 3, 4].map((date) => ({ _id: idOf(date), n: 1 })),
      { _id: 'zz', n: 1 },
    ]);
    const { bench, items } = live;
    await unseen(bench, async () => {
      await items.updateMany({}, { $set: { n: 2 } });
      await items.deleteMany({ _id: { $in: [idOf(1), idOf(3)] } });
    });
    const since = day(2).toISOString();
    expect(await refresh(bench, { since })).toEqual({ written: 2, gone: 1, refused: 0, changed: 0 });
    const rows = await bench.replayed('items');
    const ofDays = [1, 2, 3, 4].map((date) => rows.get(idOf(date).toHexString()));
    expect([...ofDays, rows.get('zz')].map((row) => row?.slice(0, 2))).toEqual(['[1', '[2', undefined, '[2', '[1']);
  });

  test('by ObjectIds passes over the partition once for many documents, of which some are gone', async () => {
    const ids = Array.from({ length: 12_000 }, () => new ObjectId());
    await using live = await openLive(ids.map((_id) => ({ _id, n: 1 })));
    const { bench, items } = live;
    const gone = ids.filter((_, index) => index % 4_000 < 20);
    await unseen(bench, () => items.deleteMany({ _id: { $in: gone } }));
    const queries = vi.spyOn(bench.oplog.database.pool, 'query');
    expect(await refresh(bench, { since: day(1).toISOString() })).toMatchObject({ gone: 60 });
    const passes = queries.mock.calls.map(([sql]) => String(sql)).filter((sql) => sql.includes('GROUP BY doc_id'));
    expect(passes).toHaveLength(1);
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
  });

  test('by a date field reads the documents that have a later date', async () => {
    await using live = await openLive([1, 2, 3].map((date) => ({ _id: date, n: 1, at: day(date) })));
    const { bench, items } = live;
    await unseen(bench, () => items.updateMany({}, { $set: { n: 2 } }));
    expect(await refresh(bench, { since: day(2).toISOString(), field: 'at' })).toMatchObject({ written: 2, gone: 0 });
  });
});

describe('I6: beside live changes', () => {
  test.each([
    { what: 'changes', change: (items: Items) => items.updateOne({ _id: 'a' }, { $set: { n: 9 } }) },
    { what: 'is deleted', change: (items: Items) => items.deleteOne({ _id: 'a' }) },
    { what: 'is dropped with its collection', change: (items: Items) => items.drop() },
  ])('a document that $what after it was read is left to the stream', async ({ change }) => {
    await using live = await openLive([
      { _id: 'a', n: 1 },
      { _id: 'b', n: 1 },
    ]);
    const { bench, items } = live;
    let isFirst = true;
    const source: MongoSource = {
      ...bench.source,
      readDocuments: async (request) => {
        const read = await bench.source.readDocuments(request);
        if (isFirst) await change(items);
        isFirst = false;
        await bench.settled('items');
        return read;
      },
    };
    await refresh(bench, { ids: ['a', 'b'] }, { source });
    await bench.settled('items');
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
  });

  test('a whole refresh that begins between reading and writing takes nothing back', async () => {
    await using live = await openLive([
      { _id: 'a', n: 1 },
      { _id: 'b', n: 1 },
    ]);
    const { bench, items } = live;
    let isFirst = true;
    const source: MongoSource = {
      ...bench.source,
      readDocuments: async (request) => {
        const read = await bench.source.readDocuments(request);
        if (isFirst) {
          isFirst = false;
          await items.deleteOne({ _id: 'b' });
          await bench.refresh('items');
        }
        return read;
      },
    };
    await refresh(bench, { ids: ['a', 'b'] }, { source });
    await bench.settled('items');
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
  });

  test('a second one at the same time, and one while the caches are paused, end with the same rows', async () => {
    await using live = await openLive(Array.from({ length: 300 }, (_, _id) => ({ _id, n: 1 })));
    const { bench, items } = live;
    const { entityId } = await bench.oplog.entity('items');
    await unseen(bench, () => items.updateMany({}, { $set: { n: 2 } }));
    await setPaused(bench.oplog.database, { entityId, paused: true });
    await Promise.all([refresh(bench, { query: {} }), refresh(bench, { ids: [1, 2, 3] })]);
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
  });

  test('one that is cancelled writes nothing more, and can be repeated', async () => {
    await using live = await openLive(Array.from({ length: 500 }, (_, _id) => ({ _id, n: 1 })));
    const { bench, items } = live;
    await unseen(bench, () => items.updateMany({}, { $set: { n: 2 } }));
    const stop = new AbortController();
    const ids = Array.from({ length: 500 }, (_, id) => id);
    const onProgress = async () => stop.abort();
    await expect(refresh(bench, { ids }, { signal: stop.signal, onProgress })).rejects.toThrow();
    const written = await entriesOf(bench);
    expect(written).toBeLessThan(1_000);
    expect(await refresh(bench, { ids })).toMatchObject({ written: 500 });
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
  });

  test('an entity that is scanned for the first time is left to its scan', async () => {
    await using live = await openLive([{ _id: 'a', n: 1 }]);
    await live.bench.oplog.database.pool.query(`UPDATE entity SET route = 'staging'`);
    await expect(refresh(live.bench, { ids: ['a'] })).rejects.toMatchObject({ code: 'EMC-5004' });
  });
});

type Items = Awaited<ReturnType<typeof openLive>>['items'];
