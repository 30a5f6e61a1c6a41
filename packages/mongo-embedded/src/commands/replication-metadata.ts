import { type Document, Long, ObjectId, Timestamp } from 'bson';
import type { ClusterTime } from '../history/history-entry.ts';
import type { ServerState } from '../server-state.ts';

/** A time in the form of mongod's OpTime. */
export interface OpTime {
  readonly ts: Timestamp;
  readonly t: Long;
}

/** The positions of the newest write of this member, and of the newest that a majority has. */
export function opTimesOf({ member, store }: ServerState): { readonly applied: OpTime; readonly majority: OpTime } {
  const t = Long.fromNumber(member?.term ?? 1);
  const opTime = ({ seconds, increment }: ClusterTime): OpTime => ({
    ts: new Timestamp({ t: seconds, i: increment }),
    t,
  });
  const { current } = store.clusterClock;
  return { applied: opTime(member?.appliedTime ?? current), majority: opTime(member?.majorityTime ?? current) };
}

/** `$replData` of a reply. Source: `src/mongo/rpc/metadata/repl_set_metadata.cpp` of mongodb/mongo. */
export function replicationMetadata(server: ServerState): Document {
  const { majority } = opTimesOf(server);
  return {
    term: majority.t,
    lastOpCommitted: majority,
    lastCommittedWall: new Date(majority.ts.t * 1000),
    lastOpVisible: majority,
    configVersion: Long.ONE,
    configTerm: Long.ONE,
    replicaSetId: new ObjectId(server.store.settings.replicaSetId),
    syncSourceIndex: -1,
    isPrimary: (server.member?.role ?? 'primary') === 'primary',
  };
}
