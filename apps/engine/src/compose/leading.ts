import { createEntityList } from '@emcachers/db/control/entity-list';
import { defaultStreamId, type StreamRecord } from '@emcachers/db/control/streams';
import { createJobStore, type JobStore } from '@emcachers/db/job/job-store';
import { type LeaderSessions, openLeaderSessions } from '@emcachers/db/leader-sessions';
import { dueForVerification } from '@emcachers/db/verify/verifications';
import type { Config } from '../config/config.ts';
import { createEntityControl, type EntityControl } from '../control/entity/entity-control.ts';
import { createJobRunner, type JobRunner } from '../control/job/job-runner.ts';
import { createVerifySchedule } from '../control/job/verify-schedule.ts';
import { createLeader } from '../control/node/leader.ts';
import { createLeaderTerm, type TermParts } from '../control/node/leader-term.ts';
import { createDeadLetterRetry } from '../pipeline/ingest/dead-letter-retry.ts';
import { createFindDocuments } from '../pipeline/ingest/find-documents.ts';
import { createFlowLog } from '../pipeline/ingest/flow-log.ts';
import type { Ingest } from '../pipeline/ingest/ingest.ts';
import { storedIngestEntities } from '../pipeline/ingest/ingest-entities.ts';
import { createIngest } from '../pipeline/ingest/ingest-loop.ts';
import type { IngestOptions } from '../pipeline/ingest/ingest-options.ts';
import { createPartialRefresh } from '../pipeline/ingest/partial-refresh.ts';
import { ScanThrottle } from '../pipeline/ingest/scan-throttle.ts';
import { createCompaction } from '../pipeline/oplog/compaction/compaction.ts';
import { createErasure } from '../pipeline/oplog/erasure.ts';
import { createOplogWriter } from '../pipeline/oplog/oplog-writer.ts';
import { Exclusive } from '../runtime/exclusive.ts';
import type { Service } from '../runtime/service.ts';
import type { Shared } from './shared.ts';

/** A stream that this node leads, while it does. */
export interface LedStream extends StreamRecord {
  readonly ingest: Ingest;
  readonly jobRunner: JobRunner;
  readonly sessions: LeaderSessions;
}

/** The service that leads one stream: change source, channel, oplog, and the job runner. `led` has it while it leads. */
export function createLeading(shared: Shared, stream: StreamRecord, led: Map<number, LedStream>): Service {
  const { config, database, clock, log, random, nodeId } = shared;
  const { streamId, streamName } = stream;
  const leader = createLeader({
    ...{ clock, log, nodeId, streamId, databaseUrl: database.url },
    leadsAnother: () => [...led.keys()].some((id) => id !== streamId),
    leaseMs: config.leaseMs,
    stallMsMax: config.stallMsMax,
    stalledMs: () => led.get(streamId)?.ingest.stalledMs() ?? 0,
  });
  return createLeaderTerm({
    name: streamId === defaultStreamId ? 'leader' : `leader ${streamName}`,
    ...{ leader, clock, random },
    supervision: config.supervision,
    log: log.child({ stream: streamName }),
    open: (epoch) => openTerm(shared, { stream, epoch, led }),
  });
}

interface NewTerm {
  readonly stream: StreamRecord;
  readonly epoch: number;
  readonly led: Map<number, LedStream>;
}

function openTerm(shared: Shared, { stream, epoch, led }: NewTerm): TermParts {
  const { config, database, source, clock, random } = shared;
  const { streamId, streamName } = stream;
  const log = shared.log.child({ stream: streamName, epoch });
  const { rowBytesMax, maskKey, largeDocumentBytes, deadLettersMax, sweepCap } = config;
  const sessions = openLeaderSessions({ url: database.url, epoch, ...config.postgres });
  const writer = createOplogWriter({ database: sessions, epoch, deadLettersMax, sweepCap });
  const entities = storedIngestEntities(database, streamId);
  const ingest = createIngest({ source, writer, entities, clock, log, random, options: ingestOptionsOf(config) });
  const limits = { projection: { rowBytesMax, maskKey }, largeDocumentBytes };
  const throttle = new ScanThrottle(clock, config.scanDocumentsPerSecond);
  const upkeep = new Exclusive();
  const work = {
    retryDeadLetters: createDeadLetterRetry({ database, source, writer, clock, ...limits }),
    refreshDocuments: createPartialRefresh({ database, source, writer, clock, throttle, ...limits }),
    findDocuments: createFindDocuments(source),
    eraseFromOplog: createErasure({ database: sessions, epoch, upkeep }),
  };
  const store = createJobStore(database, epoch);
  const jobRunner = createJobRunner(
    { store, control: controlOf(shared, streamId), ...work, clock, log, random },
    config.jobs,
  );
  const list = createEntityList(database);
  const compaction = createCompaction({
    ...{ database: sessions, epoch, clock, log, upkeep, options: config.compaction },
    entities: async () => (await list()).filter((entity) => entity.streamId === streamId),
  });
  const flowLog = createFlowLog({ clock, log, intervalMs: config.pace.countersLogMs, totals: () => ingest.flow() });
  led.set(streamId, { ...stream, ingest, jobRunner, sessions });
  return {
    services: [ingest, jobRunner, compaction, ...verifyScheduleOf(shared, streamId, store), flowLog],
    abandon: sessions.abandon,
    async close() {
      led.delete(streamId);
      await sessions.close();
    },
  };
}

/** For a job, an entity that took the name of its own in another stream is another entity. */
function controlOf({ database }: Shared, streamId: number): EntityControl {
  const control = createEntityControl(database);
  return {
    ...control,
    async find(entityName) {
      const entity = await control.find(entityName);
      return entity?.streamId === streamId ? entity : null;
    },
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

function verifyScheduleOf({ config, database, clock }: Shared, streamId: number, store: JobStore): readonly Service[] {
  const { verifyEveryMs } = config;
  if (verifyEveryMs === 0) return [];
  const due = () => dueForVerification(database.pool, { streamId, ageMs: verifyEveryMs });
  return [createVerifySchedule({ clock, store, due, lookMs: config.pace.verifyLookMs })];
}
