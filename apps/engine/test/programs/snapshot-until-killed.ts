/** Makes a snapshot (`make <id>`), or starts a generation from one (`copy`), and says so. Arguments: the data directory, what to do. */
import process from 'node:process';
import { openSnapshotStore } from '../../src/pipeline/sqlite-cache/snapshot/snapshot-store.ts';
import { openCacheStore } from '../../src/pipeline/sqlite-cache/threaded-cache-store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { identity } from '../support/test-cache.ts';

const [, , dataDirectory = '', action = '', snapshotId = ''] = process.argv;
const { signal } = new AbortController();
// Several steps for a small file.
const snapshots = openSnapshotStore({ dataDirectory, nodeId: 'n1', freeBytesMin: 0, bytesPerSecond: 200_000 });
const caches = openCacheStore({ clock: systemClock, dataDirectory });
if (action === 'make') {
  const onProgress = (): void => undefined;
  await snapshots.make({ snapshotId, identity, nowMs: systemClock.nowMs(), signal, onProgress });
} else {
  const [snapshot] = (await snapshots.find('orders')).found;
  if (snapshot === undefined) throw new Error('There is no snapshot.');
  const { generation, file: target } = await caches.prepare(identity);
  await snapshots.copy(snapshot, { generation, target, signal });
  await caches.adopt({ identity, generation });
}
process.stdout.write('done\n');
process.exit(0);
