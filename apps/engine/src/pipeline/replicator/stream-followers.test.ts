import { createEntity } from '@emcachers/db/control/entities';
import { beginAppend } from '@emcachers/db/statements/begin-append';
import { commitAppend } from '@emcachers/db/statements/commit-append';
import { expect, test } from 'vitest';
import { openOplogAt, openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';
import { scanToLive, upsert } from '../../../test/support/test-page.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { linkedAbort } from '../../runtime/abort.ts';
import { StreamFollowers } from './stream-followers.ts';

const columns = [
  { name: 'n', type: 'Integer' as const, path: 'n' },
  { name: 't', type: 'Text' as const, path: 't' },
];

/** An entity of a stream of its own, in the database of `oplog`, led by the test. */
async function openSecondStream(oplog: TestOplog): Promise<TestOplog & { readonly entityId: number }> {
  const shape = { entityName: 'second', sourceName: 'shop.second', columns, stream: 'second' };
  const { entityId, streamId } = await createEntity(oplog.database, shape);
  return { ...(await openOplogAt(oplog.database.url, streamId)), entityId };
}

test('I1, I3: caches of two streams follow both, while a transaction of one stream holds its lower ids back', async () => {
  await using first = await openTestOplog();
  using directory = temporaryDirectory();
  await first.create('first');
  const firstId = await scanToLive(first, 'first', ['a']);
  await using second = await openSecondStream(first);
  await scanToLive(second, 'second', ['a']);
  await using running = await startReplicator({ database: first.database, dataDirectory: directory.path });
  await running.level('first');
  await running.level('second');
  // A transaction of the first stream has drawn its id and does not end. The other stream's ids are above it.
  const { epoch } = first;
  const client = await first.database.pool.connect();
  await beginAppend(client, { epoch, entityIds: [firstId], lock: 'share', appends: true });
  await client.query(
    `INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch) VALUES ($1, 'Upsert', 'b', $2, 1, $3)`,
    [firstId, upsert(firstId, 'b', [1, 'held']).data, epoch],
  );
  const changes = Array.from({ length: 20 }, (_, n) => upsert(second.entityId, `d${n}`, [n, 'changed']));
  await second.append(...changes);
  const there = (await second.page(second.entityId)).head;
  expect((await running.level('second', there)).documents).toBe(21);
  expect(running.status('first')?.offset).toBeLessThan(there);
  await commitAppend(client, { epoch, appended: true, controlChanged: false });
  client.release();
  await running.level('first', (await first.page(firstId)).head);
  expect(cachedRows(directory.path, 'first').get('b')).toEqual({ n: 1, t: 'held' });
  expect(cachedRows(directory.path, 'second').size).toBe(21);
});

test('a stream that does not answer does not hold up another one; a failure of one ends all', async () => {
  using stop = linkedAbort();
  const followed: number[] = [];
  const broken = Promise.withResolvers<void>();
  const followers = new StreamFollowers(async (streamId) => {
    followed.push(streamId);
    if (streamId === 2) await broken.promise;
    else await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
  }, stop);
  followers.include([1]);
  followers.include([1, 2, 1]);
  expect(followed).toEqual([1, 2]);
  broken.reject(new Error('the disk is gone'));
  await expect(followers.ended()).rejects.toThrow('the disk is gone');
  expect(stop.signal.aborted).toBe(true);
  followers.include([3]);
  expect(followed).toEqual([1, 2]);
});
