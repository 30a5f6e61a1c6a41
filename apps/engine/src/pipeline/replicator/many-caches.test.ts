import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createFleetReader } from '@emcachers/db/fleet/read-fleet';
import { expect, test } from 'vitest';
import { openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';
import { upsert } from '../../../test/support/test-page.ts';
import { cachedRows, temporaryDirectory } from '../../../test/support/test-replicator.ts';

const count = 300;
const names = Array.from({ length: count }, (_, index) => `e${index}`);

function startUnderLimit(descriptors: number, url: string, dataDirectory: string): ChildProcess {
  const program = fileURLToPath(import.meta.resolve('../../../test/programs/replicate-until-killed.ts'));
  const command = `ulimit -n ${descriptors}; exec "$0" "$@"`;
  return spawn('sh', ['-c', command, process.execPath, program, url, dataDirectory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function untilReported(oplog: TestOplog, head: number): Promise<void> {
  const unlevel = async (): Promise<number> => {
    const { caches } = await createFleetReader(oplog.database.pool)();
    const level = caches.filter(
      ({ state, offset, error }) => state === 'level' && error === null && (offset ?? 0) >= head,
    );
    return count - level.length;
  };
  await expect.poll(unlevel, { timeout: 120_000, interval: 250 }).toBe(0);
}

test('300 caches under a limit of 256 descriptors all become level, stay fresh, and are reported truly (I12)', {
  timeout: 300_000,
}, async () => {
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  const entityIds: number[] = [];
  for (const name of names) entityIds.push((await oplog.create(name)).entityId);
  await oplog.database.pool.query(`UPDATE entity SET lifecycle = 'live', route = 'oplog', live_from_id = 1`);
  await oplog.append(...entityIds.map((entityId) => upsert(entityId, 'a', [1, 'first'])));
  const child = startUnderLimit(256, oplog.database.url, directory.path);
  try {
    await untilReported(oplog, (await oplog.page()).head);
    expect(names.filter((name) => !existsSync(join(directory.path, 'dbs', name, 'db.sqlite')))).toEqual([]);
    // Every second cache gets another row; the offsets of the others move without one.
    const changed = entityIds.filter((_, index) => index % 2 === 0);
    await oplog.append(...changed.map((entityId) => upsert(entityId, 'b', [2, 'second'])));
    await untilReported(oplog, (await oplog.page()).head);
    const rows = names.map((name) => cachedRows(directory.path, name).size);
    expect(rows).toEqual(names.map((_, index) => (index % 2 === 0 ? 2 : 1)));
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
