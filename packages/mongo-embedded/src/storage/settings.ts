import { randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { HistoryRuns } from './history-runs.ts';

/** The identity of the replica set and of its history, and the start of its clock. */
export interface Settings {
  /** Twelve bytes that identify this replica set. Made once per data directory; a copy of the directory has the same. */
  readonly replicaSetId: Buffer;
  /** Not earlier than any time that a client has seen. */
  readonly clusterTime: ClusterTime;
  /** The history has every change since this time, apart from what has been pruned. */
  readonly birthTime: ClusterTime;
  readonly runs: HistoryRuns;
}

/** Reads the settings, making them on the first start, and begins a run; a replica set's member goes on with the last one. */
export function loadSettings(database: Database, clock: Clock, isMember: boolean): Settings {
  const read = database.prepare<unknown[], Buffer>('SELECT value FROM setting WHERE name = ?').pluck();
  const write = database.prepare('INSERT OR REPLACE INTO setting(name, value) VALUES (?, ?)');
  return database.transaction(() => {
    const known = read.get('replicaSetId');
    const replicaSetId = known ?? randomBytes(12);
    if (known === undefined) write.run('replicaSetId', replicaSetId);
    const nowSeconds = Math.floor(clock.nowMs() / 1000);
    const lastSeconds = lastShownSeconds(database, read.get('clusterTime'));
    // After a restart, one second past everything known: the increments within the last second are not all on disk.
    const clusterTime =
      known === undefined
        ? { seconds: nowSeconds, increment: 1 }
        : { seconds: Math.max(lastSeconds, nowSeconds) + 1, increment: 0 };
    const birthTime = readTime(read.get('birthTime')) ?? firstTime(database) ?? clusterTime;
    write.run('birthTime', packTime(birthTime));
    const runs = isMember
      ? HistoryRuns.resume(database, clusterTime)
      : HistoryRuns.begin(database, clusterTime, lastSeconds);
    return { replicaSetId, clusterTime, birthTime, runs };
  })();
}

/** The last second that clients can have seen: of the newest entry, of the idle clock, or of the last start. */
function lastShownSeconds(database: Database, idle: Buffer | undefined): number {
  const last = database.prepare('SELECT seconds FROM history ORDER BY sequence DESC LIMIT 1').pluck().get();
  return Math.max(Number(last ?? 0), idle?.readUInt32BE(0) ?? 0, HistoryRuns.lastSeconds(database));
}

/** For a data directory that was made before the birth time was kept. */
function firstTime(database: Database): ClusterTime | undefined {
  const first = database.prepare('SELECT seconds, increment FROM history ORDER BY sequence LIMIT 1').raw().get();
  if (first === undefined) return undefined;
  const [seconds, increment] = first as [number, number];
  return { seconds, increment };
}

function packTime({ seconds, increment }: ClusterTime): Buffer {
  const value = Buffer.alloc(8);
  value.writeUInt32BE(seconds, 0);
  value.writeUInt32BE(increment, 4);
  return value;
}

function readTime(value: Buffer | undefined): ClusterTime | undefined {
  return value === undefined ? undefined : { seconds: value.readUInt32BE(0), increment: value.readUInt32BE(4) };
}
