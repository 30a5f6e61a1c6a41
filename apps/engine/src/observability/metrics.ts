import type { EntityView, FleetView } from '@emcachers/core/api-views';
import { Registry } from 'prom-client';
import type { EntityFlow } from '../pipeline/ingest/flow-counters.ts';
import type { IngestStatus } from '../pipeline/ingest/ingest-status.ts';
import { createInstrument, type Instrument } from './instrument.ts';

/**
 * Prometheus metrics, prefixed with the names of the pipeline's stages. Each scrape sets them from the same facts and verdicts
 * that every other surface uses, so no metric keeps a stale value. An unknown value is absent, not 0.
 */
export interface MetricsSources {
  readonly fleet: () => FleetView | null;
  /** Of the streams that this node leads. */
  readonly ingest: () => readonly LedStreamStatus[];
  /** Of the entities of these streams. */
  readonly flow: () => readonly EntityFlow[];
  /** Number of open live streams. */
  readonly liveStreams: () => number;
  readonly memoryBytes: () => number;
  /** User and system processor time of this process since its start, all threads, seconds. */
  readonly cpuSeconds: () => number;
}

export interface Metrics {
  readonly contentType: string;
  /** The text in Prometheus exposition format. */
  scrape(): Promise<string>;
}

/** The state of a stream that this node leads. */
export interface LedStreamStatus {
  readonly streamName: string;
  readonly status: IngestStatus;
}

interface EntityMetric {
  readonly name: string;
  readonly help: string;
  readonly value: (entity: EntityView) => number | null;
}

const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);
const healthNumber = { ok: 0, degraded: 1, unknown: 2, failed: 3 } as const;

const entityMetrics: readonly EntityMetric[] = [
  {
    name: 'emcachers_entity_health',
    help: 'Verdict of deriveStatus: 0 ok, 1 degraded, 2 unknown, 3 failed.',
    value: (entity) => healthNumber[entity.health],
  },
  {
    name: 'emcachers_change_source_scanned_documents',
    help: 'Documents read by the current or last scan.',
    value: (entity) => entity.scan.scanned,
  },
  {
    name: 'emcachers_change_source_dead_letters',
    help: 'Dead letters: documents that could not be projected.',
    value: (entity) => entity.deadLetters,
  },
  {
    name: 'emcachers_change_source_coercion_errors',
    help: 'Values that a column could not hold, counted at each write since the newest scan began; not the rows now affected.',
    value: (entity) => entity.coercionErrors,
  },
  {
    name: 'emcachers_change_source_filtered_out_documents',
    help: 'Documents outside of the filter, counted at each read since the newest scan began.',
    value: (entity) => entity.filteredOut,
  },
  {
    name: 'emcachers_change_source_warnings',
    help: 'Paths that met no value, and filters that let no document through, in a whole scan. A warning, not a fault.',
    value: (entity) => entity.warnings.length,
  },
  { name: 'emcachers_oplog_head', help: 'Newest oplog id of the entity.', value: (entity) => entity.head },
  {
    name: 'emcachers_oplog_entries',
    help: 'Entries of the entity in the oplog.',
    value: (entity) => entity.oplog.entries,
  },
  {
    name: 'emcachers_oplog_superseded_entries',
    help: 'Entries beyond one for each document, which compaction can remove.',
    value: (entity) => entity.oplog.superseded,
  },
  {
    name: 'emcachers_oplog_removed_entries_total',
    help: 'Entries that compaction has removed.',
    value: (entity) => entity.oplog.removed,
  },
  {
    name: 'emcachers_oplog_bytes',
    help: 'Disk space of the entity in the oplog, with indexes and space that later entries will reuse.',
    value: (entity) => entity.oplog.bytes,
  },
  {
    name: 'emcachers_oplog_horizon',
    help: 'Lowest offset from which the entity can be replayed without loss.',
    value: (entity) => entity.oplog.horizon,
  },
  {
    name: 'emcachers_oplog_compacted_timestamp_seconds',
    help: 'When the entity was last compacted, Unix seconds.',
    value: (entity) => (entity.oplog.compactedAt === null ? null : Date.parse(entity.oplog.compactedAt) / 1_000),
  },
  {
    name: 'emcachers_replicator_offset',
    help: 'Lowest oplog id applied by every reporting node.',
    value: (entity) => entity.offset,
  },
  {
    name: 'emcachers_replicator_lag_entries',
    help: 'Entries between head and the slowest reporting node.',
    value: (entity) => entity.lagEntries,
  },
  {
    name: 'emcachers_entity_lag_seconds',
    help: 'Lag from MongoDB to the slowest reporting cache, both hops. It grows while nothing can arrive.',
    value: (entity) => inSeconds(entity.lagMs),
  },
  {
    name: 'emcachers_change_source_lag_seconds',
    help: 'Lag from MongoDB to the oplog: time since the last answer of the change stream, 0 while it answers.',
    value: (entity) => inSeconds(entity.lagByHop.captureMs),
  },
  {
    name: 'emcachers_replicator_lag_seconds',
    help: 'Age of the oldest entry that the slowest reporting node has not applied.',
    value: (entity) => inSeconds(entity.lagByHop.applyMs),
  },
  {
    name: 'emcachers_replicator_fresh_timestamp_seconds',
    help: 'Source time up to which every reporting node is fresh, Unix seconds; alert on its age.',
    value: (entity) => (entity.freshAsOf === null ? null : Date.parse(entity.freshAsOf) / 1_000),
  },
  {
    name: 'emcachers_sqlite_cache_documents',
    help: 'Rows in the cache of this node.',
    value: (entity) => entity.documents,
  },
];

interface FlowMetric {
  readonly name: string;
  readonly help: string;
  readonly value: (flow: EntityFlow) => number;
}

const flowMetrics: readonly FlowMetric[] = [
  {
    name: 'emcachers_channel_processed_operations_total',
    help: 'Operations of the entity that this leader committed, from the change stream and from scans.',
    value: (flow) => flow.processed,
  },
  {
    name: 'emcachers_channel_blocked_total',
    help: 'How often changes of the entity waited because the channel was full. Nothing is dropped.',
    value: (flow) => flow.blocked,
  },
  {
    name: 'emcachers_channel_blocked_seconds_total',
    help: 'How long changes of the entity waited because the channel was full.',
    value: (flow) => flow.blockedMs / 1_000,
  },
  {
    name: 'emcachers_channel_dead_letters_total',
    help: 'Documents of the entity that this leader made dead letters.',
    value: (flow) => flow.deadLettered,
  },
];

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const instruments = entityMetrics.map((metric) => ({
    metric,
    instrument: createInstrument({ ...metric, registry, labelNames: ['entity'] }),
  }));
  const setIngest = ingestInstruments(registry);
  const setFlow = flowInstruments(registry);
  const setHeadroom = headroomInstruments(registry);
  const memory = createInstrument({
    name: 'emcachers_process_resident_bytes',
    help: 'Resident memory of this process.',
    registry,
  });
  const cpu = createInstrument({
    name: 'emcachers_process_cpu_seconds_total',
    help: 'Processor time of this process since its start, user and system.',
    registry,
  });
  const streams = createInstrument({
    name: 'emcachers_live_streams',
    help: 'Open live streams to consoles.',
    registry,
  });
  return {
    contentType: registry.contentType,
    async scrape() {
      memory.set(sources.memoryBytes());
      cpu.set(sources.cpuSeconds());
      streams.set(sources.liveStreams());
      setIngest(sources.ingest());
      setFlow(sources.flow());
      setHeadroom(sources.fleet());
      const entities = sources.fleet()?.entities ?? [];
      for (const { metric, instrument } of instruments) setEntities(instrument, metric, entities);
      return registry.metrics();
    },
  };
}

function setEntities(instrument: Instrument, metric: EntityMetric, entities: readonly EntityView[]): void {
  instrument.clear();
  for (const entity of entities) {
    const value = metric.value(entity);
    if (value !== null) instrument.set(value, { entity: entity.entityName });
  }
}

function flowInstruments(registry: Registry): (flows: readonly EntityFlow[]) => void {
  const instruments = flowMetrics.map((metric) => ({
    metric,
    instrument: createInstrument({ ...metric, registry, labelNames: ['entity'] }),
  }));
  return (flows) => {
    for (const { metric, instrument } of instruments) {
      instrument.clear();
      for (const flow of flows) instrument.set(metric.value(flow), { entity: flow.entityName });
    }
  };
}

function headroomInstruments(registry: Registry): (fleet: FleetView | null) => void {
  const span = createInstrument({
    name: 'emcachers_source_oplog_window_seconds',
    help: 'From the oldest entry of the oplog of MongoDB to its time now.',
    registry,
  });
  const left = createInstrument({
    name: 'emcachers_source_oplog_headroom_seconds',
    help: 'How long the change stream may stand still, at the present rate, before its position is lost.',
    registry,
  });
  return (fleet) => {
    const { windowMs, headroomMs } = fleet?.sourceOplog ?? { windowMs: null, headroomMs: null };
    setOrClear(span, inSeconds(windowMs));
    setOrClear(left, inSeconds(headroomMs));
  };
}

function setOrClear(instrument: Instrument, value: number | null): void {
  instrument.clear();
  if (value !== null) instrument.set(value);
}

function ingestInstruments(registry: Registry): (led: readonly LedStreamStatus[]) => void {
  const labelNames = ['stream'];
  const instrument = (name: string, help: string): Instrument => createInstrument({ name, help, registry, labelNames });
  const changes = instrument(
    'emcachers_change_source_changes_total',
    'Change events of watched collections since the start.',
  );
  const divided = instrument(
    'emcachers_change_source_divided_transactions_total',
    'Transactions of the source that readers saw in parts, because they are above the bounds.',
  );
  const reply = instrument(
    'emcachers_change_source_reply_timestamp_seconds',
    'When MongoDB last answered on the change stream, Unix seconds; alert on its age.',
  );
  const operations = instrument('emcachers_channel_buffered_operations', 'Operations between change source and oplog.');
  const bytes = instrument('emcachers_channel_buffered_bytes', 'Bytes between change source and oplog.');
  const saved = instrument(
    'emcachers_oplog_position_timestamp_seconds',
    'Cluster time of the saved position, Unix seconds.',
  );
  const setOne = ({ streamName: stream, status }: LedStreamStatus): void => {
    changes.set(status.changesTotal, { stream });
    divided.set(status.dividedTransactionsTotal, { stream });
    operations.set(status.bufferedOperations, { stream });
    bytes.set(status.bufferedBytes, { stream });
    if (status.lastReplyAtMs !== null) reply.set(status.lastReplyAtMs / 1_000, { stream });
    if (status.savedClusterTimeMs !== null) saved.set(status.savedClusterTimeMs / 1_000, { stream });
  };
  return (led) => {
    for (const each of [changes, divided, reply, operations, bytes, saved]) each.clear();
    led.forEach(setOne);
  };
}
