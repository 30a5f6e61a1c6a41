import { type Document, Long, ObjectId, Timestamp } from 'bson';
import type { Store } from '../storage/store.ts';

/** The position of the newest write in the form of mongod's OpTime. */
export function opTimeOf({ clusterClock }: Store): { readonly ts: Timestamp; readonly t: Long } {
  const { seconds, increment } = clusterClock.current;
  return { ts: new Timestamp({ t: seconds, i: increment }), t: Long.ONE };
}

/** `$replData` of a reply. Source: `src/mongo/rpc/metadata/repl_set_metadata.cpp` of mongodb/mongo. */
export function replicationMetadata(store: Store): Document {
  const opTime = opTimeOf(store);
  return {
    term: opTime.t,
    lastOpCommitted: opTime,
    lastCommittedWall: new Date(store.clusterClock.current.seconds * 1000),
    lastOpVisible: opTime,
    configVersion: Long.ONE,
    configTerm: Long.ONE,
    replicaSetId: new ObjectId(store.settings.replicaSetId),
    syncSourceIndex: -1,
    isPrimary: true,
  };
}
