import { silentLog } from '@emcachers/core/log';
import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { serialize } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelSource, serverError } from '../../../test/support/model-source.ts';
import { projectionOf, type RunningIngest, runIngest, until } from '../../../test/support/test-ingest.ts';
import { openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';

const range = (from: number, to: number): { id: number; n: number }[] =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, n: from + index }));

/** A document whose embedded document claims to be longer than everything. */
function poisoned(id: number): Uint8Array {
  const raw = Buffer.from(serialize({ _id: id, n: { inner: 1 } }));
  raw.writeInt32LE(1_000_000, raw.indexOf('inner') - 5);
  return raw;
}

function start(source: ModelSource, oplog: TestOplog, pageDocumentsMax = 10): RunningIngest {
  return runIngest({ source, oplog, log: silentLog, options: { pageDocumentsMax, promotionRowsMax: 50 } });
}

async function settled(source: ModelSource, oplog: TestOplog, ...names: string[]): Promise<void> {
  for (const name of names) await until(async () => (await oplog.entity(name)).lifecycle === 'live');
  const passed = source.time;
  await until(async () => ((await oplog.writer.readPosition()).position?.clusterTime ?? 0n) >= passed);
}

async function expectConverged(source: ModelSource, oplog: TestOplog, name: string): Promise<void> {
  const entity = await oplog.entity(name);
  expect(await oplog.replay(entity.entityId)).toEqual(await projectionOf(source, entity));
}

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('write' as const), id: fc.nat(60), n: fc.nat(9), count: fc.nat(12) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('remove' as const), id: fc.nat(60) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('drop', 'rename', 'restart', 'cut', 'refresh', 'blip' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

interface Stage {
  readonly source: ModelSource;
  readonly oplog: TestOplog;
  readonly entityId: number;
}

async function take(each: Step, { source, oplog, entityId }: Stage): Promise<void> {
  switch (each.kind) {
    case 'write':
      source.write(each.n % 2 === 0 ? 'a' : 'b', range(each.id, each.id + each.count + 1));
      return;
    case 'remove':
      return source.remove('a', each.id);
    case 'drop':
      return source.drop('a');
    case 'rename':
      return source.rename('b', 'a');
    case 'cut':
      return source.cutHistory();
    case 'blip':
      source.streamErrors.push(serverError(91));
      return;
    case 'refresh':
      await requestRefresh(oplog.database, { entityId, allowLargeSweep: true });
      return;
    case 'pause':
      for (let turns = 0; turns < 20; turns++) await oplog.database.ping();
      return;
    case 'restart':
      return;
  }
}

describe('ingest from a model of MongoDB', () => {
  test("a document deleted between a page's read and its write does not come back (1.11)", async () => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 40));
    await oplog.create('a');
    let pages = 0;
    source.afterPage = () => {
      if (pages === 4) return;
      source.remove('a', pages * 10 + 3);
      source.write('a', [{ id: pages * 10 + 4, n: -1 }]);
      pages++;
    };
    await using running = start(source, oplog);
    await settled(source, oplog, 'a');
    source.afterPage = () => undefined;
    expect(running.ingest.status().lastError).toBeNull();
    await expectConverged(source, oplog, 'a');
    expect((await oplog.replay((await oplog.entity('a')).entityId)).has('n:3')).toBe(false);
  });

  test('an entity does not become live before the stream has passed the end of its scan (1.2)', async () => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 30));
    await oplog.create('a');
    source.beforePage = () => source.write('a', [{ id: 5, n: 100 }]);
    source.deliverUpTo = source.time;
    await using _running = start(source, oplog);
    await until(async () => (await oplog.entity('a')).lifecycle === 'catching-up');
    source.beforePage = () => undefined;
    expect((await oplog.entity('a')).liveFromId).toBeNull();
    source.deliverUpTo = null;
    await settled(source, oplog, 'a');
    await expectConverged(source, oplog, 'a');
  });

  test('a collection that is dropped and recreated after the first page has only its new documents (1.10)', async () => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 1000));
    await oplog.create('a');
    let pages = 0;
    source.afterPage = () => {
      pages++;
      if (pages !== 1) return;
      source.drop('a');
      source.write('a', range(2000, 2010));
    };
    await using _running = start(source, oplog, 100);
    await until(() => pages > 1);
    await settled(source, oplog, 'a');
    const entity = await oplog.entity('a');
    expect((await oplog.replay(entity.entityId)).size).toBe(10);
    await expectConverged(source, oplog, 'a');
  });

  test('deletes in a gap of the history leave no ghosts: a new version rescans everything (3.1)', async () => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 200));
    await oplog.create('a');
    const first = start(source, oplog);
    await settled(source, oplog, 'a');
    await first.stop();
    for (let id = 0; id < 200; id += 10) source.remove('a', id);
    source.write('a', [{ id: 1, n: 77 }]);
    source.cutHistory();
    await using second = start(source, oplog);
    await until(async () => (await oplog.entity('a')).version === 2);
    await settled(source, oplog, 'a');
    expect(second.ingest.status().lastError).toMatchObject({ code: 'EMC-2003' });
    await expectConverged(source, oplog, 'a');
  });

  test.each([286, 280, 260, 136, 40585])('error %i while streaming causes a rescan', async (code) => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 20));
    await oplog.create('a');
    await using _running = start(source, oplog);
    await settled(source, oplog, 'a');
    source.streamErrors.push(serverError(code));
    await until(async () => (await oplog.entity('a')).version === 2);
    await settled(source, oplog, 'a');
    await expectConverged(source, oplog, 'a');
  });

  test.each([43, 91, 189, 237, 11602])('error %i while streaming resumes without a rescan', async (code) => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 20));
    await oplog.create('a');
    await using running = start(source, oplog);
    await settled(source, oplog, 'a');
    source.streamErrors.push(serverError(code));
    await until(() => running.ingest.status().lastError !== null);
    source.write('a', [{ id: 3, n: 99 }]);
    await settled(source, oplog, 'a');
    expect((await oplog.entity('a')).version).toBe(1);
    await expectConverged(source, oplog, 'a');
  });

  test('retries a bounded number of times without progress, then rejects with the first cause', async () => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    for (let count = 0; count < 100; count++) source.streamErrors.push(serverError(91));
    const running = start(source, oplog);
    await until(() => running.ingest.status().state === 'failed');
    await expect(running.stop()).rejects.toMatchObject({ code: 'EMC-2004', cause: { code: 91 } });
    expect(source.opened).toBeLessThan(12);
    expect(source.openStreams).toBe(0);
  });

  test('an interrupted scan continues after its last key, with the same run', async () => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 500));
    const { runId } = await oplog.create('a');
    const first = start(source, oplog);
    await until(async () => (await oplog.entity('a')).scan.scanned > 100);
    await first.stop();
    const { scan } = await oplog.entity('a');
    expect(scan.scanned).toBeLessThan(500);
    source.write('a', [
      { id: 5, n: -5 },
      { id: 499, n: -499 },
    ]);
    source.remove('a', 7);
    await using _second = start(source, oplog);
    await settled(source, oplog, 'a');
    const entity = await oplog.entity('a');
    expect(entity.runId).toBe(runId);
    expect(entity.scan.scanned).toBeLessThanOrEqual(500);
    await expectConverged(source, oplog, 'a');
  });

  test('a document with invalid BSON becomes a dead letter until its next valid change; all others are copied', async () => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 1000));
    source.writeRaw('a', 500, poisoned(500));
    const { entityId } = await oplog.create('a');
    await using running = start(source, oplog, 300);
    await settled(source, oplog, 'a');
    expect((await oplog.entity('a')).deadLetters).toBe(1);
    expect((await oplog.replay(entityId)).size).toBe(999);
    source.write('a', [{ id: 1, n: -1 }]);
    source.writeRaw('a', 2, poisoned(2));
    source.write('a', [{ id: 3, n: -3 }]);
    await settled(source, oplog, 'a');
    const rows = await oplog.replay(entityId);
    expect([(await oplog.entity('a')).deadLetters, rows.size, rows.has('n:2')]).toEqual([2, 998, false]);
    source.writeRaw('a', 4, poisoned(4));
    source.write('a', [
      { id: 2, n: 2 },
      { id: 4, n: 4 },
      { id: 500, n: 500 },
    ]);
    await settled(source, oplog, 'a');
    expect([(await oplog.entity('a')).deadLetters, (await oplog.replay(entityId)).size]).toEqual([0, 1000]);
    expect(running.ingest.status().lastError).toBeNull();
  });

  test('converges after any mix of changes, drops, renames, refreshes, restarts and history truncations (I1)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        async (steps, page) => {
          await using oplog = await openTestOplog();
          const source = new ModelSource();
          source.write('a', range(0, 30));
          const { entityId } = await oplog.create('a');
          let running = start(source, oplog, page);
          for (const each of steps) {
            if (each.kind === 'restart') {
              await running.stop();
              running = start(source, oplog, page);
            } else await take(each, { source, oplog, entityId });
          }
          await settled(source, oplog, 'a');
          await running.stop();
          await expectConverged(source, oplog, 'a');
          expect(source.openStreams).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  }, 600_000);
});
