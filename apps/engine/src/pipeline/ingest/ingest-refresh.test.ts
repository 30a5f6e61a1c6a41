import { silentLog } from '@emcachers/core/log';
import type { OplogEntry } from '@emcachers/core/operation';
import { requestRefresh } from '@emcachers/db/control/entity-requests';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelSource } from '../../../test/support/model-source.ts';
import { projectionOf, type RunningIngest, runIngest, until } from '../../../test/support/test-ingest.ts';
import { openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';

const range = (from: number, to: number): { id: number; n: number }[] =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, n: 0 }));

function start(source: ModelSource, oplog: TestOplog, pageDocumentsMax = 10): RunningIngest {
  return runIngest({ source, oplog, log: silentLog, options: { pageDocumentsMax, promotionRowsMax: 5 } });
}

async function live(oplog: TestOplog, version: number): Promise<void> {
  await until(async () => {
    const entity = await oplog.entity('a');
    return entity.lifecycle === 'live' && entity.version >= version;
  });
}

async function converged(source: ModelSource, oplog: TestOplog): Promise<void> {
  const passed = source.time;
  await until(async () => ((await oplog.writer.readPosition()).position?.clusterTime ?? 0n) >= passed);
  const entity = await oplog.entity('a');
  expect(await oplog.replay(entity.entityId)).toEqual(await projectionOf(source, entity));
}

/** The values of `n` that a document had, in the order of the entries; null: deleted. */
function historyOf(entries: readonly OplogEntry[], docId: string): (number | null)[] {
  return entries.filter((entry) => entry.docId === docId).map(({ data }) => numberIn(data));
}

function numberIn(data: string | null): number | null {
  const row: unknown = JSON.parse(data ?? '[null]');
  return Array.isArray(row) && row[0] !== null ? Number(row[0]) : null;
}

/** Documents of which an entry has a lower `n` than an earlier one. Every write of the tests has a higher `n` than those before. */
function wentBack(entries: readonly OplogEntry[]): readonly string[] {
  const docIds = [...new Set(entries.map(({ docId }) => docId))];
  return docIds.filter((docId) => {
    const values = historyOf(entries, docId).filter((n) => n !== null);
    return values.some((n, index) => n < (values[index - 1] ?? 0));
  });
}

/** Holds back every page after it was read, until it is released. */
function holdPages(source: ModelSource): { readonly release: () => void; readonly held: () => number } {
  const gate = Promise.withResolvers<void>();
  const read = source.readPage.bind(source);
  let held = 0;
  source.readPage = async (request) => {
    const page = await read(request);
    held += 1;
    await gate.promise;
    return page;
  };
  return {
    release: () => {
      source.readPage = read;
      gate.resolve();
    },
    held: () => held,
  };
}

const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('write' as const), id: fc.nat(30), count: fc.nat(5) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('remove' as const), id: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('refresh', 'restart', 'lag', 'level' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

interface Stage {
  readonly source: ModelSource;
  readonly oplog: TestOplog;
  readonly entityId: number;
  readonly nextValue: () => number;
}

async function take(each: Step, { source, oplog, entityId, nextValue }: Stage): Promise<void> {
  switch (each.kind) {
    case 'write':
      return source.write(
        'a',
        range(each.id, each.id + each.count + 1).map(({ id }) => ({ id, n: nextValue() })),
      );
    case 'remove':
      return source.remove('a', each.id);
    case 'lag':
      source.deliverUpTo ??= source.time;
      return;
    case 'level':
      source.deliverUpTo = null;
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

describe('a refresh', () => {
  test('lets live changes through, and overwrites none of them with what it has read before', async () => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 40));
    const { entityId } = await oplog.create('a');
    await using running = start(source, oplog, 100);
    await live(oplog, 1);
    const pages = holdPages(source);
    await requestRefresh(oplog.database, { entityId, allowLargeSweep: false });
    running.ingest.wake();
    await until(() => pages.held() > 0);
    source.write('a', [{ id: 3, n: 77 }]);
    source.remove('a', 4);
    source.write('a', [{ id: 100, n: 100 }]);
    await until(async () => (await oplog.replay(entityId)).has('n:100'));
    const { lifecycle, version } = await oplog.entity('a');
    expect([lifecycle, version]).toEqual(['scanning', 2]);
    pages.release();
    await live(oplog, 2);
    await converged(source, oplog);
    const entries = (await oplog.page(entityId)).entries.filter((entry) => entry.version === 2);
    expect(historyOf(entries, 'n:3')).toEqual([77]);
    expect(historyOf(entries, 'n:4')).toEqual([null]);
    expect(historyOf(entries, 'n:5')).toEqual([0]);
  });

  test('waits for a lagging stream, so that no cache shows a document and then an earlier state of it', async () => {
    await using oplog = await openTestOplog();
    const source = new ModelSource();
    source.write('a', range(0, 40));
    const { entityId } = await oplog.create('a');
    await using running = start(source, oplog);
    await live(oplog, 1);
    source.deliverUpTo = source.time;
    source.looksUp = false;
    source.write('a', [{ id: 3, n: 1 }]);
    source.write('a', [{ id: 3, n: 2 }]);
    let pages = 0;
    source.afterPage = () => {
      pages += 1;
    };
    await requestRefresh(oplog.database, { entityId, allowLargeSweep: false });
    running.ingest.wake();
    await until(() => pages > 0);
    const before = (await oplog.page(entityId)).entries.length;
    for (let turns = 0; turns < 100; turns++) await oplog.database.ping();
    expect((await oplog.page(entityId)).entries).toHaveLength(before);
    source.deliverUpTo = null;
    await live(oplog, 2);
    await converged(source, oplog);
    expect(wentBack((await oplog.page(entityId)).entries)).toEqual([]);
  });

  test('converges, and no document goes back to an earlier state, with any mix of changes, lag, refreshes and restarts (I6, I7)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        async (steps, page, looksUp) => {
          await using oplog = await openTestOplog();
          const source = new ModelSource();
          source.looksUp = looksUp;
          source.write('a', range(0, 20));
          const { entityId } = await oplog.create('a');
          let running = start(source, oplog, page);
          await live(oplog, 1);
          let value = 0;
          const nextValue = (): number => {
            value += 1;
            return value;
          };
          for (const each of steps) {
            if (each.kind === 'restart') {
              await running.stop();
              running = start(source, oplog, page);
            } else await take(each, { source, oplog, entityId, nextValue });
          }
          source.deliverUpTo = null;
          await live(oplog, 1);
          await converged(source, oplog);
          await running.stop();
          expect(wentBack((await oplog.page(entityId)).entries)).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  }, 600_000);
});
