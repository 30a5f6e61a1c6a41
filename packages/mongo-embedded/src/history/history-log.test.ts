import { deserialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareClusterTime } from '../session/cluster-clock.ts';
import { scratchFolder, scratchStore, stored } from '../testing/scratch-store.ts';

function insertMany(scratch: ReturnType<typeof scratchStore>, ids: readonly number[], pad = ''): void {
  const { access } = scratch;
  const collection = access.collectionForWrite('shop', 'items');
  for (const id of ids) access.insert(collection, stored({ _id: id, pad }), access.stamp());
}

test('shows an entry only once its group has committed, and wakes who waits for it', async () => {
  using scratch = scratchStore();
  const { history, group } = scratch.store;
  const woken = history.wait(0, 10_000, new AbortController().signal);
  insertMany(scratch, [1]);
  expect(history.read(0, 10)).toEqual([]);
  expect(history.head().sequence).toBe(0);
  group.commit();
  expect(await woken).toBe(true);
  expect(history.read(0, 10).map(({ kind, documentKey }) => [kind, documentKey && deserialize(documentKey)])).toEqual([
    ['create', null],
    ['insert', { _id: 1 }],
  ]);
});

test('a group that fails leaves neither documents nor entries nor a used sequence', async () => {
  using scratch = scratchStore();
  const { history, group } = scratch.store;
  insertMany(scratch, [1]);
  group.commit();
  const before = history.head();
  insertMany(scratch, [2, 3]);
  const settled = group.settled;
  group.fail(new Error('disk is full'));
  await expect(settled).rejects.toThrow('disk is full');
  expect(history.head().sequence).toBe(before.sequence);
  expect(scratch.store.catalog.find('shop', 'items')?.table.count()).toBe(1);
  insertMany(scratch, [4]);
  group.commit();
  expect(history.read(before.sequence, 10)).toMatchObject([{ sequence: before.sequence + 1 }]);
});

test('the time of an idle server is never behind what may still come', () => {
  using scratch = scratchStore();
  const { history, group } = scratch.store;
  insertMany(scratch, [1]);
  const pending = history.now();
  group.commit();
  const [entry] = history.read(1, 1);
  expect(entry === undefined ? 0 : compareClusterTime(entry.time, pending)).toBeGreaterThan(0);
  expect(compareClusterTime(history.now(), history.head().time)).toBeGreaterThanOrEqual(0);
});

test('findByTime gives the last entry before a time, also with shared times', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }), (groups) => {
      using scratch = scratchStore();
      const { history, group } = scratch.store;
      let id = 0;
      for (const size of groups) {
        const collection = scratch.access.collectionForWrite('shop', 'items');
        const own = scratch.access.stamp();
        for (let count = 0; count < size; count += 1) {
          id += 1;
          scratch.access.insert(collection, stored({ _id: id }), own);
        }
      }
      group.commit();
      const entries = history.read(0, 1000);
      for (const { time } of entries) {
        const before = entries.filter((entry) => compareClusterTime(entry.time, time) < 0);
        expect(history.findByTime(time)).toBe(before.at(-1)?.sequence ?? 0);
      }
    }),
    { numRuns: 20 },
  );
});

test('stays within its bound in bytes, forgets the oldest first and says so, also after a restart', () => {
  using folder = scratchFolder();
  using scratch = scratchStore({ path: folder.path, historyBytesMax: 3 * 1024 * 1024 });
  for (let round = 0; round < 80; round += 1) {
    insertMany(
      scratch,
      Array.from({ length: 100 }, (_, index) => round * 100 + index),
      'x'.repeat(1000),
    );
    scratch.store.group.commit();
  }
  const check = (history: typeof scratch.store.history): number => {
    const { sequence, time } = history.oldest();
    const kept = history.read(0, 100_000);
    expect(kept[0]?.sequence).toBe(sequence);
    expect(kept.at(-1)?.sequence).toBe(8001);
    expect(kept.length).toBeGreaterThan(1500);
    expect(kept.length).toBeLessThan(3500);
    expect(compareClusterTime(time, { seconds: 0, increment: 0 })).toBeGreaterThan(0);
    return sequence;
  };
  const oldest = check(scratch.store.history);
  expect(check(scratch.reopen().history)).toBe(oldest);
});

test('what was cut is lost to every time up to its own, and sequences go on', () => {
  using scratch = scratchStore();
  const { history, group } = scratch.store;
  insertMany(scratch, [1, 2]);
  group.commit();
  const { sequence, time } = history.head();
  history.cut(sequence);
  expect(history.oldest().sequence).toBe(sequence + 1);
  expect(compareClusterTime(history.oldest().time, time)).toBeGreaterThan(0);
  expect(compareClusterTime(history.head().time, history.oldest().time)).toBeGreaterThanOrEqual(0);
  expect(history.read(0, 10)).toEqual([]);
  insertMany(scratch, [3]);
  group.commit();
  expect(history.read(0, 10)).toMatchObject([{ sequence: sequence + 1 }]);
});

test('a restart keeps entries, names of what was dropped, and a time that goes on', () => {
  using folder = scratchFolder();
  using scratch = scratchStore({ path: folder.path });
  insertMany(scratch, [1]);
  const collection = scratch.access.collection('shop', 'items');
  if (collection === undefined) throw new Error('The collection is missing');
  const { catalog, group, history } = scratch.store;
  history.append(collection.namespace, { kind: 'drop' }, history.stamp());
  catalog.drop(collection, history.appendedSequence);
  group.commit();
  const before = history.read(0, 10);
  const { time } = history.head();
  const reopened = scratch.reopen();
  expect(reopened.history.read(0, 10)).toEqual(before);
  expect(before.at(-1)).toMatchObject({ kind: 'drop', database: 'shop', collection: 'items' });
  expect(compareClusterTime(reopened.history.stamp().time, time)).toBeGreaterThan(0);
});
