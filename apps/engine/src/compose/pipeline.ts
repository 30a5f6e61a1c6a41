import type { OplogLook } from '@emcachers/core/capture-report';
import { defaultStreamName } from '@emcachers/core/shape';
import { createEntityList } from '@emcachers/db/control/entity-list';
import { reportOffsets } from '@emcachers/db/control/offset-reports';
import { defaultStreamId, listStreams } from '@emcachers/db/control/streams';
import { forgetOtherOffsets } from '@emcachers/db/fleet/forget-offsets';
import { createStreamLeaders } from '../control/node/stream-leaders.ts';
import { createHeadroomWatch } from '../pipeline/ingest/headroom-watch.ts';
import type { OplogReader } from '../pipeline/oplog/oplog.ts';
import { createOplogReader } from '../pipeline/oplog/oplog-reader.ts';
import { createReplicator } from '../pipeline/replicator/oplog-replicator.ts';
import type { CachesReport, Replicator } from '../pipeline/replicator/replicator.ts';
import { storedSnapshots } from '../pipeline/replicator/snapshot/stored-snapshots.ts';
import { storedVerifications } from '../pipeline/replicator/verify/stored-verifications.ts';
import { openSnapshotStore } from '../pipeline/sqlite-cache/snapshot/snapshot-store.ts';
import { openCacheStore } from '../pipeline/sqlite-cache/threaded-cache-store.ts';
import type { Service } from '../runtime/service.ts';
import type { ServiceState, SupervisorDependencies } from '../runtime/supervisor.ts';
import { createLeading, type LedStream } from './leading.ts';
import type { Shared } from './shared.ts';

/** change-source → channel → oplog → replicator → sqlite-cache, limited to this process's roles. */
export interface Pipeline {
  /** The streams that this node leads. */
  readonly led: () => readonly LedStream[];
  /** Streams may have come or gone. */
  readonly streamsChanged: () => void;
  readonly leaderStates: () => readonly ServiceState[];
  /** What the last look at MongoDB's oplog found; null unless this node leads a stream. */
  readonly sourceOplog: () => OplogLook | null;
  readonly oplog: OplogReader;
  /** Null on a node without caches. */
  readonly replicator: Replicator | null;
  /** Breaks the connections of this node's terms of leadership. */
  readonly abandon: () => void;
  /** In flow order. */
  readonly services: readonly Service[];
}

export function createPipeline(shared: Shared & Pick<SupervisorDependencies, 'onFault'>): Pipeline {
  const { config, database } = shared;
  const led = new Map<number, LedStream>();
  const leaders = createStreamLeaders({
    ...shared,
    supervision: config.supervision,
    streams: () => listStreams(database),
    defaultStream: { streamId: defaultStreamId, streamName: defaultStreamName },
    leaderOf: (stream) => createLeading(shared, stream, led),
  });
  const headroom = createHeadroomWatch({ ...shared, isLeading: () => led.size > 0, options: config.headroom });
  const oplog = createOplogReader(database);
  const replicator = config.roles.includes('replicate') ? createReplicating(shared, oplog) : null;
  return {
    led: () => [...led.values()],
    streamsChanged: leaders.wake,
    leaderStates: leaders.states,
    sourceOplog: headroom.last,
    abandon: () => {
      for (const { sessions } of led.values()) sessions.abandon();
    },
    oplog,
    replicator,
    services: [
      ...(config.roles.includes('ingest') ? [leaders, headroom] : []),
      ...(replicator === null ? [] : [replicator]),
    ],
  };
}

/** The node's half: oplog, replicator, cache files. */
function createReplicating(shared: Shared, oplog: OplogReader): Replicator {
  const { config, database, clock, log, random, nodeId } = shared;
  return createReplicator(
    {
      clock,
      log,
      random,
      oplog,
      entities: createEntityList(database),
      async report({ changed, entityIds }: CachesReport) {
        const reports = changed.map(({ error, ...status }) => ({
          ...status,
          errorCode: error?.code ?? null,
          error: error?.message ?? null,
        }));
        await reportOffsets(database, { nodeId, reports });
        await forgetOtherOffsets(database.pool, { nodeId, entityIds });
      },
      verifications: storedVerifications(database, nodeId),
      snapshotRecords: storedSnapshots(database, nodeId),
      snapshots: openSnapshotStore({ ...config.snapshots, dataDirectory: config.dataDir, nodeId }),
      openStore: () => openCacheStore({ clock, dataDirectory: config.dataDir, ...config.cacheStore }),
    },
    { ...config.replicator, verifyRowsPerSecondMax: config.verifyRowsPerSecondMax },
  );
}
