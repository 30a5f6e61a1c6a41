import { randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import type { ClusterTime } from '../history/history-entry.ts';

/** The identity of the replica set and the start of its clock. */
export interface Settings {
  /** Twelve bytes that identify this replica set. */
  readonly replicaSetId: Buffer;
  /** Not earlier than any time that a client has seen. */
  readonly clusterTime: ClusterTime;
}

/** Reads the settings, making them on the first start. */
export function loadSettings(database: Database, clock: Clock): Settings {
  const read = database.prepare<unknown[], Buffer>('SELECT value FROM setting WHERE name = ?').pluck();
  const known = read.get('replicaSetId');
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  if (known === undefined) {
    const replicaSetId = randomBytes(12);
    database.prepare("INSERT INTO setting(name, value) VALUES ('replicaSetId', ?)").run(replicaSetId);
    return { replicaSetId, clusterTime: { seconds: nowSeconds, increment: 1 } };
  }
  const idle = read.get('clusterTime');
  const last = database.prepare('SELECT seconds, increment FROM history ORDER BY sequence DESC LIMIT 1').raw().get();
  const [lastSeconds] = (last as [number, number] | undefined) ?? [0, 0];
  const idleSeconds = idle === undefined ? 0 : idle.readUInt32BE(0);
  // One second past everything known: the increments within the last second are not all on disk.
  return {
    replicaSetId: known,
    clusterTime: { seconds: Math.max(lastSeconds, idleSeconds, nowSeconds) + 1, increment: 0 },
  };
}
