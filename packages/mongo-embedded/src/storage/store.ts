import type { Database } from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import { HistoryLog } from '../history/history-log.ts';
import { ClusterClock } from '../session/cluster-clock.ts';
import { Catalog } from './catalog.ts';
import { CommitGroup } from './commit-group.ts';
import { openDatabase } from './open-database.ts';
import { loadSettings, type Settings } from './settings.ts';
import { VersionLog } from './version-log.ts';

/** Everything that is kept, and the group that commits it. One per server. */
export interface Store {
  readonly sqlite: Database;
  readonly group: CommitGroup;
  readonly clusterClock: ClusterClock;
  readonly history: HistoryLog;
  readonly catalog: Catalog;
  readonly versions: VersionLog;
  readonly settings: Settings;
  close(): void;
}

export interface StoreOptions {
  /** Folder of the file; null keeps everything in memory. */
  readonly path: string | null;
  readonly historyBytesMax: number;
  readonly clock: Clock;
}

/** Opens the store and reads what it keeps in memory: names, not documents. */
export function openStore({ path, historyBytesMax, clock }: StoreOptions): Store {
  const sqlite = openDatabase(path);
  const settings = loadSettings(sqlite, clock);
  const clusterClock = new ClusterClock(clock, settings.clusterTime);
  const group: CommitGroup = new CommitGroup(sqlite, {
    committing: () => history.beforeCommit(),
    committed: () => history.committed(),
    failed: () => {
      catalog.reload();
      history.reload();
    },
  });
  const history = new HistoryLog({ database: sqlite, clock, clusterClock, group, historyBytesMax });
  const catalog = new Catalog(sqlite);
  const close = (): void => {
    group.commit();
    sqlite.close();
  };
  return { sqlite, group, clusterClock, history, catalog, versions: new VersionLog(), settings, close };
}
