import type { OplogLook } from '@emcachers/core/capture-report';
import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import { createEntityList } from '@emcachers/db/control/entity-list';
import { reportOffsets } from '@emcachers/db/control/offset-reports';
import { forgetOtherOffsets } from '@emcachers/db/fleet/forget-offsets';
import { createJobStore, type JobStore } from '@emcachers/db/job/job-store';
import { type LeaderSessions, openLeaderSessions } from '@emcachers/db/leader-sessions';
import { dueForVerification } from '@emcachers/db/verify/verifications';
import type { Config } from '../config/config.ts';
import { createEntityControl } from '../control/entity/entity-control.ts';
import { createJobRunner, type JobRunner } from '../control/job/job-runner.ts';
import { createVerifySchedule } from '../control/job/verify-schedule.ts';
import { createLeader } from '../control/node/leader.ts';
import { createLeaderTerm } from '../control/node/leader-term.ts';
import { createDeadLetterRetry } from '../pipeline/ingest/dead-letter-retry.ts';
import { createFindDocuments } from '../pipeline/ingest/find-documents.ts';
import { createFlowLog } from '../pipeline/ingest/flow-log.ts';
import { createHeadroomWatch, type HeadroomWatch } from '../pipeline/ingest/headroom-watch.ts';
import type { Ingest } from '../pipeline/ingest/ingest.ts';
import { storedIngestEntities } from '../pipeline/ingest/ingest-entities.ts';
import { createIngest } from '../pipeline/ingest/ingest-loop.ts';
import type { IngestOptions } from '../pipeline/ingest/ingest-options.ts';
import { createPartialRefresh } from '../pipeline/ingest/partial-refresh.ts';
import { ScanThrottle } from '../pipeline/ingest/scan-throttle.ts';
import { createCompaction } from '../pipeline/oplog/compaction/compaction.ts';
import { createErasure } from '../pipeline/oplog/erasure.ts';
import type { OplogReader } from '../pipeline/oplog/oplog.ts';
import { createOplogReader } from '../pipeline/oplog/oplog-reader.ts';
import { createOplogWriter } from '../pipeline/oplog/oplog-writer.ts';
import { createReplicator } from '../pipeline/replicator/oplog-replicator.ts';
import type { CachesReport, Replicator } from '../pipeline/replicator/replicator.ts';
import { storedVerifications } from '../pipeline/replicator/verify/stored-verifications.ts';
import { openCacheStore } from '../pipeline/sqlite-cache/threaded-cache-store.ts';
import { Exclusive } from '../runtime/exclusive.ts';
import type { Service } from '../runtime/service.ts';
import type { Connections } from './connections.ts';

/** Dependencies that every part of the composition shares. */
export interface Shared extends Connections {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly nodeId: string;
}

/** change-source → channel → oplog → replicator → sqlite-cache, limited to this process's roles. */
export interface Pipeline {
  /** Null unless this node is the leader. */
  readonly ingest: () => Ingest | null;
  readonly jobRunner: () => JobRunner | null;
  /** What the last look at MongoDB's oplog found; null unless this node is the leader. */
  readonly sourceOplog: () => OplogLook | null;
  readonly oplog: OplogReader;
  /** Null on a node without caches. */
  readonly replicator: Replicator | null;
  /** Breaks the connections of a leader's term, if this node leads. */
  readonly abandon: () => void;
  /** In flow order. */
  readonly services: readonly Service[];
}

export function createPipeline(shared: Shared): Pipeline {
  const { config, database } = shared;
  const leading = createLeading(shared);
  const oplog = createOplogReader(database);
  const replicator = config.roles.includes('replicate') ? createReplicating(shared, oplog) : null;
  return {
    ingest: leading.ingest,
    jobRunner: leading.jobRunner,
    sourceOplog: leading.sourceOplog,
    abandon: leading.abandon,
    oplog,
    replicator,
    services: [
      ...(config.roles.includes('ingest') ? [leading.term] : []),
      ...(replicator === null ? [] : [replicator]),
    ],
  };
}

/** The leader's half: change source, channel, oplog, and the job runner. */
function createLeading(shared: Shared) {
  const { config, database, source, clock, random, nodeId } = shared;
  let ingest: Ingest | null = null;
  let jobRunner: JobRunner | null = null;
  let headroom: HeadroomWatch | null = null;
  let sessions: LeaderSessions | null = null;
  const entities = storedIngestEntities(database);
  const control = createEntityControl(database);
  const leader = createLeader({
    ...{ clock, log: shared.log, nodeId, databaseUrl: database.url },
    ...{ leaseMs: config.leaseMs, stallMsMax: config.stallMsMax },
    stalledMs: () => ingest?.stalledMs() ?? 0,
  });
  const term = createLeaderTerm({
    leader,
    clock,
    log: shared.log,
    random,
    supervision: config.supervision,
    open(epoch) {
      const log = shared.log.child({ epoch });
      const { rowBytesMax, maskKey, largeDocumentBytes } = config;
      const opened = openLeaderSessions({ url: database.url, epoch, ...config.postgres });
      sessions = opened;
      const writer = createOplogWriter({
        ...{ database: opened, epoch },
        deadLettersMax: config.deadLettersMax,
        sweepCap: config.sweepCap,
      });
      const created = createIngest({ source, writer, entities, clock, log, random, options: ingestOptionsOf(config) });
      ingest = created;
      const limits = { projection: { rowBytesMax, maskKey }, largeDocumentBytes };
      const retryDeadLetters = createDeadLetterRetry({ database, source, writer, clock, ...limits });
      const throttle = new ScanThrottle(clock, config.scanDocumentsPerSecond);
      const refreshDocuments = createPartialRefresh({ database, source, writer, clock, throttle, ...limits });
      const upkeep = new Exclusive();
      const work = {
        ...{ retryDeadLetters, refreshDocuments, findDocuments: createFindDocuments(source) },
        eraseFromOplog: createErasure({ database: opened, epoch, upkeep }),
      };
      headroom = createHeadroomWatch({ source, clock, log, options: config.headroom });
      const store = createJobStore(database, epoch);
      jobRunner = createJobRunner({ store, control, ...work, clock, log }, config.jobs);
      const compaction = createCompaction({
        ...{ database: opened, epoch, clock, log, upkeep, options: config.compaction },
        entities: createEntityList(database),
      });
      const totals = (): ReturnType<Ingest['flow']> => created.flow();
      const flowLog = createFlowLog({ clock, log, intervalMs: config.pace.countersLogMs, totals });
      return {
        services: [created, headroom, jobRunner, compaction, ...verifyScheduleOf(shared, store), flowLog],
        abandon: opened.abandon,
        async close() {
          ingest = null;
          jobRunner = null;
          headroom = null;
          sessions = null;
          await opened.close();
        },
      };
    },
  });
  return {
    term,
    ingest: () => ingest,
    jobRunner: () => jobRunner,
    sourceOplog: () => headroom?.last() ?? null,
    abandon: () => sessions?.abandon(),
  };
}

function ingestOptionsOf(config: Config): Partial<IngestOptions> {
  const { rowBytesMax, maskKey, largeDocumentBytes, transactionOperationsMax, transactionBytesMax } = config;
  const { sourceCheckMs, scansMax, scanDocumentsPerSecond } = config;
  return {
    ...config.ingest,
    channel: config.channel,
    ...{ rowBytesMax, maskKey, largeDocumentBytes, transactionOperationsMax, transactionBytesMax },
    ...{ sourceCheckMs, scansMax, scanDocumentsPerSecond },
  };
}

function verifyScheduleOf({ config, database, clock }: Shared, store: JobStore): readonly Service[] {
  const { verifyEveryMs } = config;
  if (verifyEveryMs === 0) return [];
  const due = () => dueForVerification(database.pool, verifyEveryMs);
  return [createVerifySchedule({ clock, store, due, lookMs: config.pace.verifyLookMs })];
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
      openStore: () => openCacheStore({ clock, dataDirectory: config.dataDir, ...config.cacheStore }),
    },
    { ...config.replicator, verifyRowsPerSecondMax: config.verifyRowsPerSecondMax },
  );
}
