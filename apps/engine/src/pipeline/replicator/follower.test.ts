import { EmcachersError } from '@emcachers/core/emcachers-error';
import { expect, test } from 'vitest';
import { openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';
import { expectedRows, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { cachedRows, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { OplogReader } from '../oplog/oplog.ts';
import { openCacheStore } from '../sqlite-cache/threaded-cache-store.ts';
import { EntityCache } from './entity-cache.ts';
import { Follower } from './follower.ts';

/** Empty, level caches of two live entities, and their follower. */
async function setUp(oplog: TestOplog, reader: OplogReader = oplog.reader) {
  const directory = temporaryDirectory();
  const store = openCacheStore({ clock: systemClock, dataDirectory: directory.path, graceMs: 200 });
  const names = ['first', 'second'];
  const caches: EntityCache[] = [];
  for (const name of names) {
    await oplog.create(name);
    await scanToLive(oplog, name, ['scanned']);
  }
  const { historyId } = await oplog.page();
  for (const name of names) {
    const cache = new EntityCache(await oplog.entity(name), historyId);
    cache.opened(await store.build(cache.identity));
    cache.handle({ kind: 'unfit' });
    cache.handle({ kind: 'ready' });
    cache.handle({ kind: 'caught-up' });
    caches.push(cache);
  }
  const [first, second] = caches;
  if (first === undefined || second === undefined) throw new Error('Two caches were made.');
  const follower = new Follower({
    clock: systemClock,
    oplog: reader,
    store,
    streamId: 1,
    caches: () => caches.filter(({ isLevel }) => isLevel),
    pageRowsMax: 1_000,
    pageBytesMax: 1 << 20,
    onApplied: () => undefined,
    onSourceTime: () => undefined,
  });
  return {
    first,
    second,
    follower,
    async expectAllRows(): Promise<void> {
      for (const { entity } of caches) {
        await store.publish(entity.entityId);
        expect(cachedRows(directory.path, entity.entityName)).toEqual(await expectedRows(oplog, entity.entityId));
      }
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      directory[Symbol.dispose]();
    },
  };
}

test('I3: a page for several caches starts at the lowest of their offsets, so that none misses an entry', async () => {
  await using oplog = await openTestOplog();
  await using parts = await setUp(oplog);
  const { first, second, follower } = parts;
  await follower.step();
  // The first cache leaves the others while entries of both arrive, as one does whose disk is full for a moment.
  first.fail(new Error('The disk is full.'));
  await oplog.append(upsert(first.entity.entityId, 'missed', [1, 'x']), upsert(second.entity.entityId, 'a', [1, 'x']));
  await follower.step();
  first.handle({ kind: 'retry' });
  first.handle({ kind: 'ready' });
  first.handle({ kind: 'caught-up' });
  await oplog.append(upsert(first.entity.entityId, 'b', [2, 'y']), upsert(second.entity.entityId, 'b', [2, 'y']));
  await follower.step();
  await parts.expectAllRows();
});

test('a follower reads for the caches of its stream only: the head of another one says nothing about theirs', async () => {
  await using oplog = await openTestOplog();
  const asked: (readonly number[])[] = [];
  const reader: OplogReader = {
    ...oplog.reader,
    readPage(request) {
      asked.push(request.entityIds);
      return oplog.reader.readPage(request);
    },
  };
  await using parts = await setUp(oplog, reader);
  const { first, second, follower } = parts;
  second.entity = { ...second.entity, streamId: 2 };
  await follower.step();
  expect(asked).toEqual([[first.entity.entityId]]);
});

test('I3: a page is read again if PostgreSQL did not answer the question about its new term', async () => {
  await using oplog = await openTestOplog();
  let questions = 0;
  const reader: OplogReader = {
    ...oplog.reader,
    async checkTerm(place) {
      questions += 1;
      // The second cache's question, after the first cache's was answered.
      if (questions === 2) throw new EmcachersError({ code: 'EMC-3001', detail: 'The server does not answer.' });
      return oplog.reader.checkTerm(place);
    },
  };
  await using parts = await setUp(oplog, reader);
  const { first, second, follower } = parts;
  await follower.step();
  await oplog.database.pool.query(
    'INSERT INTO leader_term (epoch, stream_id, first_id) SELECT max(epoch) + 1, 1, $1 FROM leader_term',
    [(await oplog.page()).head + 1],
  );
  for (const { entity } of [first, second]) await oplog.append(upsert(entity.entityId, 'changed', [1, 'new term']));
  await expect(follower.step()).rejects.toThrow('EMC-3001');
  await follower.step();
  expect(questions).toBe(3);
  await parts.expectAllRows();
});
