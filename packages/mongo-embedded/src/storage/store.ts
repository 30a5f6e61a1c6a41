import type { Database } from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { HistoryLog } from '../history/history-log.ts';
import { ClusterClock } from '../session/cluster-clock.ts';
import { Catalog } from './catalog.ts';
import { CommitGroup } from './commit-group.ts';
import { openDatabase } from './open-database.ts';
import { loadSettings, type Settings } from './settings.ts';
import { VersionLog } from './version-log.ts';

/** All persistent state and its commit group. One per server. */
/** Hooks for a component whose in-memory state is saved with the group's transaction. */
export interface StoreParticipant {
  /** Inside the transaction, before it commits: save in-memory state. */
  committing(): void;
  committed?(): void;
  /** The transaction was rolled back: discard its changes. */
  failed(): void;
}

export interface Store {
  readonly sqlite: Database;
  readonly group: CommitGroup;
  readonly clusterClock: ClusterClock;
  readonly history: HistoryLog;
  readonly catalog: Catalog;
  readonly versions: VersionLog;
  readonly settings: Settings;
  /** Takes part in every commit from now on. */
  join(participant: StoreParticipant): void;
  close(): void;
}

export interface StoreOptions {
  /** Folder of the file; null keeps everything in memory. */
  readonly path: string | null;
  readonly historyBytesMax: number;
  readonly clock: Clock;
  /** The store of a replica set's member: see `MemberStoreOptions`. */
  readonly member?: MemberStoreOptions;
}

/** What the store of one member of a replica set needs besides. Its history shows only what `reveal` has shown. */
export interface MemberStoreOptions {
  /** The state that a store in memory starts with. */
  readonly image?: Buffer;
  /** Called with the open database before anything uses it. Returns the time that its clock starts with, if it is known. */
  opened(database: Database): ClusterTime | null;
}

/** Opens the store and loads its in-memory state: names, not documents. */
export function openStore({ path, historyBytesMax, clock, member }: StoreOptions): Store {
  const sqlite = openDatabase(path, member?.image);
  const settings = loadSettings(sqlite, clock, member !== undefined);
  const clusterClock = new ClusterClock(clock, member?.opened(sqlite) ?? settings.clusterTime);
  const participants: StoreParticipant[] = [];
  const group: CommitGroup = new CommitGroup(sqlite, clock, {
    committing: () => {
      for (const participant of participants) participant.committing();
      history.beforeCommit();
    },
    committed: () => {
      history.committed();
      for (const participant of participants) participant.committed?.();
    },
    failed: () => {
      catalog.reload();
      history.reload();
      for (const participant of participants) participant.failed();
    },
  });
  const history = new HistoryLog({
    database: sqlite,
    clock,
    clusterClock,
    group,
    settings,
    historyBytesMax,
    isHeld: member !== undefined,
  });
  const catalog = new Catalog(sqlite, { mends: member === undefined });
  const close = (): void => {
    group.commit();
    sqlite.close();
  };
  return {
    sqlite,
    group,
    clusterClock,
    history,
    catalog,
    versions: new VersionLog(),
    settings,
    join: (participant) => participants.push(participant),
    close,
  };
}
