import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestCaches } from './support/test-caches.ts';

const program = join(import.meta.dirname, 'programs/read-once.ts');
/** Mounts $1 read-only on $2 in a mount namespace of its own and runs the rest there, as a container does. */
const mounted = 'mount --bind "$1" "$2" && mount -o remount,ro,bind "$2" && shift 2 && exec "$@"';

let mountPoint = '';
beforeAll(() => {
  mountPoint = mkdtempSync(join(tmpdir(), 'emcachers-mount-'));
});
afterAll(() => rmSync(mountPoint, { recursive: true }));

const probe = spawnSync('unshare', ['-m', 'sh', '-c', 'mount --bind /tmp /mnt']);
const canMount = probe.status === 0;

function readMounted(dataDir: string): unknown {
  const command = [
    'sh',
    '-c',
    mounted,
    'sh',
    dataDir,
    mountPoint,
    process.execPath,
    program,
    mountPoint,
    'orders',
    'a',
  ];
  return JSON.parse(execFileSync('unshare', ['-m', ...command], { encoding: 'utf8' }));
}

describe.skipIf(!canMount)('in a read-only mount of the data directory (skipped where this user may not mount)', () => {
  test('a cache is current while its engine writes, and after it has closed', async () => {
    await using caches = await openTestCaches();
    const entity = await caches.publish('orders', ['a', 1]);
    expect(readMounted(caches.dataDir)).toEqual({ offset: 1, n: 1 });
    for (let n = 2; n <= 4; n += 1) {
      await entity.apply(['a', n]);
      expect(readMounted(caches.dataDir)).toEqual({ offset: n, n });
    }
    await caches.store.release(1);
    expect(readMounted(caches.dataDir)).toEqual({ offset: 4, n: 4 });
    await caches.store.open({ ...entity.identity });
    await entity.apply(['a', 5]);
    expect(readMounted(caches.dataDir)).toEqual({ offset: 5, n: 5 });
  });

  test('a copy without -wal and -shm is refused with what to do (EMC-7007), and works where it may be written', async () => {
    await using caches = await openTestCaches();
    await caches.publish('orders', ['a', 1]);
    await caches.store.release(1);
    const copy = mkdtempSync(join(tmpdir(), 'emcachers-copy-'));
    try {
      mkdirSync(join(copy, 'dbs/orders'), { recursive: true });
      cpSync(join(caches.dataDir, 'dbs/orders/db.g1.sqlite'), join(copy, 'dbs/orders/db.sqlite'));
      expect(readMounted(copy)).toEqual({ code: 'EMC-7007' });
      const output = execFileSync(process.execPath, [program, copy, 'orders', 'a'], { encoding: 'utf8' });
      expect(JSON.parse(output)).toEqual({ offset: 1, n: 1 });
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
