import type { Database } from '@emcachers/db/database';
import {
  forgetSnapshots,
  hasUnwantedSnapshots,
  nextSnapshot,
  reconcileSnapshots,
  saveSnapshot,
} from '@emcachers/db/snapshot/snapshots';
import type { SnapshotRecords } from './snapshotter.ts';

/** A node's snapshots in PostgreSQL. */
export function storedSnapshots({ pool }: Database, nodeId: string): SnapshotRecords {
  return {
    next: () => nextSnapshot(pool, nodeId),
    save: (progress) => saveSnapshot(pool, { ...progress, nodeId }),
    hasUnwanted: () => hasUnwantedSnapshots(pool, nodeId),
    reconcile: (own) => reconcileSnapshots(pool, { nodeId, own }),
    forget: (snapshotIds) => forgetSnapshots(pool, { nodeId, snapshotIds }),
  };
}
