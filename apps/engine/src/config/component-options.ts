import type { DatabaseLimits } from '@emcachers/db/database-limits';
import type { IncidentKeeperOptions } from '../control/incident/incident-keeper.ts';
import type { JobRunnerOptions } from '../control/job/job-runner-options.ts';
import type { ChangeStreamOptions } from '../pipeline/change-source/change-stream-options.ts';
import type { MongoClientOptions } from '../pipeline/change-source/mongo-client-options.ts';
import type { ChannelOptions } from '../pipeline/channel/bounded-channel.ts';
import type { IngestOptions } from '../pipeline/ingest/ingest-options.ts';
import type { SweepCap } from '../pipeline/oplog/writer-options.ts';
import type { ReplicatorOptions } from '../pipeline/replicator/replicator-options.ts';
import type { CacheStoreLimits } from '../pipeline/sqlite-cache/cache-store-limits.ts';
import type { SnapshotLimits } from '../pipeline/sqlite-cache/snapshot/snapshot-limits.ts';
import type { SupervisorOptions } from '../runtime/supervisor.ts';
import type { ParsedSettings } from './parse-settings.ts';
import type { Mode } from './settings/engine.ts';

/** One object of options for each part of the engine, as its settings say. */
export interface ComponentOptions {
  readonly mode: Mode;
  readonly mongo: MongoClientOptions;
  readonly stream: Partial<ChangeStreamOptions>;
  readonly postgres: DatabaseLimits;
  readonly channel: ChannelOptions;
  readonly ingest: Partial<IngestOptions>;
  readonly sweepCap: SweepCap;
  readonly replicator: Partial<ReplicatorOptions>;
  readonly cacheStore: CacheStoreLimits & { readonly openFilesMax?: number };
  /** Its directories as they were set, relative to the folder of the settings. */
  readonly snapshots: SnapshotLimits;
  readonly supervision: SupervisorOptions;
  readonly jobs: JobRunnerOptions;
  readonly incidents: IncidentOptions;
  readonly pace: Pace;
  readonly apiLimits: { readonly bodyBytesMax: number; readonly requestMsMax: number };
}

/** How incidents are kept. */
interface IncidentOptions extends IncidentKeeperOptions {
  /** A cause that comes back within this time after its incident was closed opens it again, milliseconds. */
  readonly reopenMs: number;
  /** How long closed ones are kept. */
  readonly days: number;
}

/** Intervals and time limits of the engine as a whole, milliseconds. */
export interface Pace {
  readonly startWaitMsMax: number;
  readonly stopMsMax: number;
  readonly beatMs: number;
  readonly fleetMs: number;
  readonly verifyLookMs: number;
  readonly countersLogMs: number;
}

export function componentOptions(values: ParsedSettings): ComponentOptions {
  return {
    mode: values.EMCACHERS_ENV,
    ...mongoOptions(values),
    postgres: postgresOptions(values),
    channel: channelOptions(values),
    ingest: ingestOptions(values),
    sweepCap: { share: values.EMCACHERS_SWEEP_PERCENT_MAX / 100, documents: values.EMCACHERS_SWEEP_DOCUMENTS_MAX },
    replicator: replicatorOptions(values),
    cacheStore: cacheStoreOptions(values),
    snapshots: snapshotOptions(values),
    supervision: supervisionOptions(values),
    jobs: {
      jobsMax: values.EMCACHERS_JOBS_MAX,
      pollMs: values.EMCACHERS_JOB_POLL_MS,
      deletionsPollMs: inMs(values.EMCACHERS_JOB_DELETIONS_SECONDS),
      attemptsMax: values.EMCACHERS_JOB_ATTEMPTS_MAX,
      backoff: { delayMsBase: values.EMCACHERS_JOB_RETRY_MS, delayMsMax: inMs(values.EMCACHERS_JOB_RETRY_SECONDS_MAX) },
    },
    incidents: incidentOptions(values),
    pace: paceOf(values),
    apiLimits: {
      bodyBytesMax: values.EMCACHERS_API_BODY_BYTES_MAX,
      requestMsMax: inMs(values.EMCACHERS_API_REQUEST_SECONDS),
    },
  };
}

const bytesPerMegabyte = 1024 * 1024;

function inMs(seconds: number): number {
  return seconds * 1_000;
}

function mongoOptions(values: ParsedSettings): Pick<ComponentOptions, 'mongo' | 'stream'> {
  return {
    mongo: {
      selectionMsMax: values.EMCACHERS_MONGO_SELECTION_MS,
      connectionsMax: values.EMCACHERS_MONGO_CONNECTIONS_MAX,
    },
    stream: {
      awaitMsMax: values.EMCACHERS_STREAM_AWAIT_MS,
      settleMsMax: values.EMCACHERS_STREAM_SETTLE_MS,
      batchSizeMax: values.EMCACHERS_STREAM_BATCH_CHANGES_MAX,
    },
  };
}

function postgresOptions(values: ParsedSettings): DatabaseLimits {
  return {
    connectionsMax: values.EMCACHERS_POSTGRES_CONNECTIONS_MAX,
    connectMsMax: values.EMCACHERS_POSTGRES_CONNECT_MS,
    statementMsMax: inMs(values.EMCACHERS_POSTGRES_STATEMENT_SECONDS),
    pageMsMax: inMs(values.EMCACHERS_POSTGRES_PAGE_SECONDS),
    idleTransactionMsMax: inMs(values.EMCACHERS_POSTGRES_IDLE_TRANSACTION_SECONDS),
  };
}

function channelOptions(values: ParsedSettings): ChannelOptions {
  return {
    batchOpsMax: values.EMCACHERS_BATCH_OPERATIONS_MAX,
    batchBytesMax: values.EMCACHERS_BATCH_BYTES_MAX,
    lingerMs: values.EMCACHERS_BATCH_LINGER_MS,
    opsMax: values.EMCACHERS_CHANNEL_OPERATIONS_MAX,
    bytesMax: values.EMCACHERS_CHANNEL_BYTES_MAX,
  };
}

function ingestOptions(values: ParsedSettings): Partial<IngestOptions> {
  return {
    pollMs: values.EMCACHERS_INGEST_POLL_MS,
    retryDelayMsMax: values.EMCACHERS_INGEST_RETRY_MS_MAX,
    idleSaveMs: values.EMCACHERS_IDLE_SAVE_MS,
    pageDocumentsMax: values.EMCACHERS_SCAN_PAGE_DOCUMENTS_MAX,
    pageBytesMax: values.EMCACHERS_SCAN_PAGE_BYTES_MAX,
    serverErrorsMax: values.EMCACHERS_SCAN_SERVER_ERRORS_MAX,
    promotionRowsMax: values.EMCACHERS_PROMOTION_ROWS_MAX,
  };
}

function replicatorOptions(values: ParsedSettings): Partial<ReplicatorOptions> {
  return {
    pollMs: values.EMCACHERS_REPLICATE_POLL_MS,
    reportMs: values.EMCACHERS_REPORT_MS,
    tendMs: values.EMCACHERS_CACHE_TEND_MS,
    followRowsMax: values.EMCACHERS_FOLLOW_ROWS_MAX,
    followBytesMax: values.EMCACHERS_FOLLOW_BYTES_MAX,
    catchUpRowsMax: values.EMCACHERS_CATCH_UP_ROWS_MAX,
    catchUpBytesMax: values.EMCACHERS_CATCH_UP_BYTES_MAX,
    catchUpMax: values.EMCACHERS_CATCH_UP_CACHES_MAX,
    verifyPollMs: values.EMCACHERS_VERIFY_POLL_MS,
    sourceTimePauseMsMin: values.EMCACHERS_SOURCE_TIME_PAUSE_MS,
  };
}

function cacheStoreOptions(values: ParsedSettings): ComponentOptions['cacheStore'] {
  const openFilesMax = values.EMCACHERS_CACHE_OPEN_FILES_MAX;
  return {
    threads: values.EMCACHERS_CACHE_THREADS,
    idleMs: inMs(values.EMCACHERS_CACHE_IDLE_SECONDS),
    graceMs: inMs(values.EMCACHERS_CACHE_GRACE_SECONDS),
    changesKept: values.EMCACHERS_CACHE_CHANGES,
    ...(openFilesMax === null ? {} : { openFilesMax }),
  };
}

function snapshotOptions(values: ParsedSettings): SnapshotLimits {
  return {
    bytesPerSecond: bytesPerMegabyte * values.EMCACHERS_SNAPSHOT_MB_PER_SECOND,
    kept: values.EMCACHERS_SNAPSHOTS_KEPT,
    freeBytesMin: bytesPerMegabyte * values.EMCACHERS_SNAPSHOT_FREE_MB,
    directory: values.EMCACHERS_SNAPSHOT_DIR,
    startDirectory: values.EMCACHERS_SNAPSHOT_START_DIR,
  };
}

function supervisionOptions(values: ParsedSettings): SupervisorOptions {
  return {
    backoff: { delayMsBase: values.EMCACHERS_RETRY_DELAY_MS, delayMsMax: values.EMCACHERS_RETRY_DELAY_MS_MAX },
    breaker: {
      failuresMax: values.EMCACHERS_BREAKER_FAILURES_MAX,
      openMs: inMs(values.EMCACHERS_BREAKER_OPEN_SECONDS),
    },
    sustainedMs: inMs(values.EMCACHERS_RETRY_SUSTAINED_SECONDS),
  };
}

function incidentOptions(values: ParsedSettings): IncidentOptions {
  return {
    openMs: inMs(values.EMCACHERS_INCIDENT_OPEN_SECONDS),
    closeMs: inMs(values.EMCACHERS_INCIDENT_CLOSE_SECONDS),
    reopenMs: 60_000 * values.EMCACHERS_INCIDENT_REOPEN_MINUTES,
    checkMs: values.EMCACHERS_INCIDENT_CHECK_MS,
    days: values.EMCACHERS_INCIDENT_DAYS,
  };
}

function paceOf(values: ParsedSettings): Pace {
  return {
    startWaitMsMax: inMs(values.EMCACHERS_START_WAIT_SECONDS),
    stopMsMax: inMs(values.EMCACHERS_STOP_SECONDS),
    beatMs: values.EMCACHERS_HEARTBEAT_MS,
    fleetMs: values.EMCACHERS_FLEET_MS,
    verifyLookMs: inMs(values.EMCACHERS_VERIFY_LOOK_SECONDS),
    countersLogMs: inMs(values.EMCACHERS_COUNTERS_LOG_SECONDS),
  };
}
