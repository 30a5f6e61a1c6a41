import { closeSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { batchOf, identity, temporaryDirectory } from '../../../test/support/test-cache.ts';
import { systemClock } from '../../runtime/clock.ts';
import { isAtLeast } from './sqlite-version.ts';
import { openCacheStore } from './threaded-cache-store.ts';

describe('the store', () => {
  test('locks its data directory (EMC-1003) and releases it on close', async () => {
    using directory = temporaryDirectory();
    const options = { clock: systemClock, dataDirectory: directory.path };
    const store = openCacheStore(options);
    expect(() => openCacheStore(options)).toThrow('EMC-1003');
    await store.close();
    await openCacheStore(options).close();
  });

  test('writes nothing from the moment that its lock file is gone, and goes on with reopened files when it has the lock again (EMC-4005)', async () => {
    using directory = temporaryDirectory();
    const options = { clock: systemClock, dataDirectory: directory.path };
    const first = openCacheStore(options);
    await first.build(identity);
    await first.apply(batchOf(0, ['a', 1]));
    await first.publish(1);
    rmSync(join(directory.path, 'caches.lock'));
    const second = openCacheStore(options);
    expect(await second.open(identity)).toMatchObject({ kind: 'present', state: { offset: 1 } });
    await second.apply(batchOf(1, ['b', 2]));
    await expect(first.apply(batchOf(1, ['c', 3]))).rejects.toThrow('EMC-4005');
    await expect(first.tend()).rejects.toThrow('EMC-4005');
    await second.apply(batchOf(2, ['d', 4]));
    await second.close();
    // Its own file was open at offset 1, which is no longer true.
    await expect(first.apply(batchOf(1, ['c', 3]))).rejects.toThrow('EMC-4003');
    expect(await first.open(identity)).toMatchObject({ kind: 'present', state: { offset: 3, documents: 3 } });
    expect(await first.apply(batchOf(3, ['a', null]))).toMatchObject({ offset: 4, documents: 2 });
    expect(() => openCacheStore(options)).toThrow('EMC-1003');
    await first.close();
  });

  test('answers from several threads, in order for each entity', async () => {
    using directory = temporaryDirectory();
    const store = openCacheStore({ clock: systemClock, dataDirectory: directory.path, threads: 2 });
    const entities = [1, 2, 3].map((entityId) => ({ ...identity, entityId, entityName: `e${entityId}` }));
    for (const entity of entities) expect(await store.open(entity)).toEqual({ kind: 'absent' });
    await Promise.all(entities.map((entity) => store.build(entity)));
    const batches = Array.from({ length: 20 }, (_, index) => index).flatMap((index) =>
      entities.map(({ entityId }) => store.apply({ ...batchOf(index, [`doc ${index}`, index]), entityId })),
    );
    await Promise.all(batches);
    for (const { entityId, entityName, columns } of entities) {
      await store.publish(entityId);
      expect(store.readRows({ entityName, columns, limit: 7 })).toMatchObject({
        total: 20,
        offset: 20,
        next: 'doc 14',
      });
    }
    await store.close();
  });

  test('finds a damaged page by checking the whole file (EMC-4001)', async () => {
    using directory = temporaryDirectory();
    const store = openCacheStore({ clock: systemClock, dataDirectory: directory.path });
    await store.build(identity);
    await store.apply(batchOf(0, ...Array.from({ length: 3_000 }, (_, index) => [`doc ${index}`, index] as const)));
    const { file } = await store.publish(1);
    await store.release(1);
    await store.open(identity);
    await store.check(1, { thorough: false });
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, Buffer.alloc(16, 0xff), 0, 16, 4096 * 6);
    closeSync(descriptor);
    await expect(store.check(1, { thorough: false })).rejects.toThrow('EMC-4001');
    truncateSync(file, 4096 * 2);
    expect(await store.tend()).toMatchObject([{ entityId: 1, reason: expect.stringContaining('shrank') }]);
    await store.close();
  });

  test('leaves no threads or open files after repeated starts', async () => {
    using directory = temporaryDirectory();
    const count = (): number => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
    const before = count();
    for (let round = 0; round < 10; round += 1) {
      const store = openCacheStore({ clock: systemClock, dataDirectory: directory.path });
      if ((await store.open(identity)).kind !== 'present') await store.build(identity);
      await store.apply(batchOf(round, ['a', round]));
      await store.close();
    }
    expect(count()).toBe(before);
  });

  test('rejects a SQLite version that can corrupt files', () => {
    expect(['3.51.3', '3.52.0', '4.0.0'].map(isAtLeast)).toEqual([true, true, true]);
    expect(['3.51.2', '3.40.1', '3.6.99'].map(isAtLeast)).toEqual([false, false, false]);
  });
});
