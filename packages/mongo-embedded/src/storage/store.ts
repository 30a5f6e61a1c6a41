import type { Database } from 'better-sqlite3';
import type { Clock } from '../clock.ts';
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
}

/** Opens the store and loads its in-memory state: names, not documents. */
export function openStore({ path, historyBytesMax, clock }: StoreOptions): Store {
  const sqlite = openDatabase(path);
  const settings = loadSettings(sqlite, clock);
  const clusterClock = new ClusterClock(clock, settings.clusterTime);
  const participants: StoreParticipant[] = [];
  const group: CommitGroup = new CommitGroup(sqlite, {
    committing: () => {
      for (const participant of participants) participant.committing();
      history.beforeCommit();
    },
    committed: () => history.committed(),
    failed: () => {
      catalog.reload();
      history.reload();
      for (const participant of participants) participant.failed();
    },
  });
  const history = new HistoryLog({ database: sqlite, clock, clusterClock, group, settings, historyBytesMax });
  const catalog = new Catalog(sqlite);
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
