import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { requestRebuild } from '@emcachers/db/control/entity-requests';
import { describe, expect, test } from 'vitest';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { deletion, expectedRows, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { testRandom } from '../../../test/support/test-random.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `o${index}`);

function start(program: string, ...programArguments: string[]): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(program), ...programArguments], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function firstOutput(child: ChildProcess): Promise<string> {
  const [data] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return data.toString();
}

describe('with real processes', () => {
  test('rows and offset stay consistent after kill -9 at any moment (I5), and the caches converge (I1)', async () => {
    await using oplog = await openTestOplog();
    using directory = temporaryDirectory();
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids(300));
    const random = testRandom();
    let written = 0;
    for (let round = 0; round < 20; round += 1) {
      const child = start(
        import.meta.resolve('../../../test/programs/replicate-until-killed.ts'),
        oplog.database.url,
        directory.path,
      );
      await firstOutput(child);
      // Some while the child applies what was there, some while it follows what comes.
      const writing = (async () => {
        for (let batch = 0; batch < 10; batch += 1) {
          const operations = Array.from({ length: 20 }, (_, index) => {
            written += 1;
            const docId = `o${(written * 7919) % 400}`;
            return index % 5 === 4 ? deletion(orders, docId) : upsert(orders, docId, [written, `round ${round}`]);
          });
          await oplog.append(...operations);
        }
      })();
      await sleep(random() * 150);
      child.kill('SIGKILL');
      await Promise.all([once(child, 'exit'), writing]);
    }
    await using running = await startReplicator({ database: oplog.database, dataDirectory: directory.path });
    const level = await running.level('orders', (await oplog.page()).head);
    const expected = await expectedRows(oplog, orders);
    expect(cachedRows(directory.path, 'orders')).toEqual(expected);
    expect(level).toMatchObject({ generation: 1, documents: expected.size });
  }, 120_000);

  test('a kill and a lost -wal take no row from a published file, and the cache converges (I1, I8)', async () => {
    await using oplog = await openTestOplog();
    using directory = temporaryDirectory();
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids(2_000));
    const program = import.meta.resolve('../../../test/programs/replicate-until-killed.ts');
    const child = start(program, oplog.database.url, directory.path);
    await firstOutput(child);
    const link = join(directory.path, 'dbs/orders/db.sqlite');
    await expect.poll(() => existsSync(link), { timeout: 20_000, interval: 5 }).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(join(directory.path, 'dbs/orders/db.g1.sqlite-wal'));
    expect(cachedRows(directory.path, 'orders').size).toBe(2_000);
    await oplog.append(deletion(orders, 'o1'));
    await using running = await startReplicator({ database: oplog.database, dataDirectory: directory.path });
    await running.level('orders', (await oplog.page()).head);
    expect(cachedRows(directory.path, 'orders')).toEqual(await expectedRows(oplog, orders));
  });

  test('a reader in another process never misses a row during rebuilds and swaps (I8)', async () => {
    await using oplog = await openTestOplog();
    using directory = temporaryDirectory();
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids(3_000));
    await using running = await startReplicator(
      { database: oplog.database, dataDirectory: directory.path },
      { catchUpRowsMax: 200 },
    );
    await running.level('orders');
    const reader = start(
      import.meta.resolve('../../../test/programs/read-until-stopped.ts'),
      join(directory.path, 'dbs/orders/db.sqlite'),
      'orders',
      '3000',
    );
    const output: string[] = [];
    reader.stdout?.on('data', (data: Buffer) => output.push(data.toString()));
    await running.until('the reader reads', () => output.length > 0);
    for (let round = 2; round <= 6; round += 1) {
      await requestRebuild(oplog.database, orders);
      running.replicator.entitiesChanged();
      await running.until(`generation ${round} is level`, () => running.status('orders')?.generation === round);
      await running.level('orders', (await oplog.page()).head);
      // Longer than the grace of 200 ms: the old files are deleted under the connection that the reader keeps.
      await sleep(300);
    }
    reader.kill('SIGTERM');
    const [code] = (await once(reader, 'exit')) as [number | null];
    expect(output.join('')).toMatch(/^reading\n\d+ reads\n$/);
    expect(code).toBe(0);
  });
});
