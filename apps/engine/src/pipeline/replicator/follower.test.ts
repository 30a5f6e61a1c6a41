import { expect, test } from 'vitest';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { expectedRows, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { cachedRows, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { systemClock } from '../../runtime/clock.ts';
import { openCacheStore } from '../sqlite-cache/threaded-cache-store.ts';
import { EntityCache } from './entity-cache.ts';
import { Follower } from './follower.ts';

test('I3: a page for several caches starts at the lowest of their offsets, so that none misses an entry', async () => {
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  const store = openCacheStore({ clock: systemClock, dataDirectory: directory.path, graceMs: 200 });
  const caches: EntityCache[] = [];
  const entityIds: number[] = [];
  for (const name of ['behind', 'ahead']) {
    await oplog.create(name);
    entityIds.push(await scanToLive(oplog, name, ['first']));
  }
  const [behind = 0, ahead = 0] = entityIds;
  const { historyId } = await oplog.page();
  for (const name of ['behind', 'ahead']) {
    const cache = new EntityCache(await oplog.entity(name), historyId);
    cache.opened(await store.build(cache.identity));
    cache.handle({ kind: 'unfit' });
    cache.handle({ kind: 'ready' });
    cache.handle({ kind: 'caught-up' });
    caches.push(cache);
  }
  const follower = new Follower({
    clock: systemClock,
    oplog: oplog.reader,
    store,
    caches: () => caches.filter(({ isLevel }) => isLevel),
    pageRowsMax: 1_000,
    pageBytesMax: 1 << 20,
    onApplied: () => undefined,
    onSourceTime: () => undefined,
  });
  await follower.step();
  // The first cache leaves the others while entries of both arrive, as one does whose disk is full for a moment.
  const [left] = caches;
  left?.fail(new Error('The disk is full.'));
  await oplog.append(upsert(behind, 'missed', [1, 'x']), upsert(ahead, 'a', [1, 'x']));
  await follower.step();
  left?.handle({ kind: 'retry' });
  left?.handle({ kind: 'ready' });
  left?.handle({ kind: 'caught-up' });
  await oplog.append(upsert(behind, 'b', [2, 'y']), upsert(ahead, 'b', [2, 'y']));
  await follower.step();
  for (const name of ['behind', 'ahead']) {
    const { entityId } = await oplog.entity(name);
    await store.publish(entityId);
    expect(cachedRows(directory.path, name)).toEqual(await expectedRows(oplog, entityId));
  }
  await store.close();
});
