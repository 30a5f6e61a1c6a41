import type { Clock } from '../clock.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import type { LockTable } from '../storage/lock-table.ts';
import type { Store } from '../storage/store.ts';
import { compareClusterTime } from './cluster-clock.ts';
import { TransactionAccess } from './transaction-access.ts';

/** One snapshot that is kept readable. */
export interface Snapshot {
  readonly time: ClusterTime;
  readonly access: TransactionAccess;
  readonly openedMs: number;
}

/**
 * How long a snapshot stays readable. mongod's `minSnapshotHistoryWindowInSeconds` is 300; tests and consoles need
 * less.
 */
const windowMs = 60_000;

/** Maximum snapshots; a further one evicts the oldest. */
const snapshotsMax = 100;

/**
 * Reads with `readConcern: snapshot` outside of transactions: the first read of a session creates a snapshot, later
 * ones request it by `atClusterTime`. A snapshot stays readable for a minute; any other time is SnapshotTooOld 239.
 */
export class SnapshotReads {
  readonly #store: Store;
  readonly #locks: LockTable;
  readonly #clock: Clock;
  #snapshots: Snapshot[] = [];

  constructor(dependencies: { readonly store: Store; readonly locks: LockTable; readonly clock: Clock }) {
    this.#store = dependencies.store;
    this.#locks = dependencies.locks;
    this.#clock = dependencies.clock;
  }

  /** The snapshot at that time, or a new one of the present. */
  at(time: ClusterTime | undefined): Snapshot {
    const known =
      time === undefined
        ? undefined
        : this.#snapshots.find((snapshot) => compareClusterTime(snapshot.time, time) === 0);
    if (known !== undefined) return known;
    const { current } = this.#store.clusterClock;
    if (time !== undefined && compareClusterTime(time, current) !== 0) {
      throw snapshotTooOld();
    }
    const owner = { ended: Promise.resolve() };
    const access = new TransactionAccess({ store: this.#store, locks: this.#locks, owner, over: snapshotTooOld });
    const snapshot: Snapshot = { time: current, access, openedMs: this.#clock.monotonicMs() };
    this.#snapshots.push(snapshot);
    if (this.#snapshots.length > snapshotsMax) this.#snapshots.shift()?.access.release();
    return snapshot;
  }

  /** Releases expired snapshots, or all. */
  expire(isAll = false): void {
    const before = this.#clock.monotonicMs() - windowMs;
    const isOver = ({ openedMs }: Snapshot): boolean => isAll || openedMs < before;
    for (const snapshot of this.#snapshots.filter(isOver)) snapshot.access.release();
    this.#snapshots = this.#snapshots.filter((snapshot) => !isOver(snapshot));
  }
}

function snapshotTooOld(): MongoFailure {
  return new MongoFailure('SnapshotTooOld', 'Read timestamp is older than the oldest available timestamp.');
}
