import type { EntityView } from '@emcachers/core/api-views';
import { thresholds } from '@emcachers/core/status-facts';
import { readAudit } from '@emcachers/db/control/audit';
import { createEntityList } from '@emcachers/db/control/entity-list';
import { documentHistory, passedTimeOf } from '@emcachers/db/explain/document-history';
import {
  answeringNodes,
  answerQuestion,
  askForRows,
  forgetQuestion,
  openQuestions,
  rowAnswers,
} from '@emcachers/db/explain/row-questions';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import { forgetNode } from '@emcachers/db/fleet/forget-node';
import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { createFleetReader, readFleetOf } from '@emcachers/db/fleet/read-fleet';
import { createIdempotencyStore } from '@emcachers/db/job/idempotency-store';
import { createJobStore } from '@emcachers/db/job/job-store';
import { requestSnapshotDeletion } from '@emcachers/db/snapshot/snapshots';
import { createIdempotency, type Idempotency } from '../api/idempotency.ts';
import { createAuditReader, type ReadAuditPage } from '../control/browse/audit-view.ts';
import { createOplogBrowser, type OplogBrowser } from '../control/browse/oplog-browser.ts';
import { createRowsReader, type RowsReader } from '../control/browse/rows-reader.ts';
import { createSourceBrowser, type SourceBrowser } from '../control/browse/source-browser.ts';
import { checkSource } from '../control/entity/check-source.ts';
import { createEntityControl, type EntityControl } from '../control/entity/entity-control.ts';
import { createEntityManager, type EntityManager } from '../control/entity/entity-manager.ts';
import { createFleetSampler, type FleetSampler } from '../control/fleet/fleet-sampler.ts';
import { withOwnCaches } from '../control/fleet/own-caches.ts';
import type { Incidents } from '../control/incident/incidents.ts';
import { createJobServer, type JobServer } from '../control/job/job-server.ts';
import { createNodeControl, type NodeControl } from '../control/node/node-control.ts';
import { createNodeRegistry } from '../control/node/node-registry.ts';
import { createWakeListener } from '../control/node/wake-listener.ts';
import { createEntityPlanner, type EntityPlanner } from '../control/plan/entity-planner.ts';
import { createRowAnswers, type RowAnswers } from '../control/row/row-answers.ts';
import { createRowExplainer, type RowExplainer } from '../control/row/row-explainer.ts';
import { readRowSource } from '../control/row/row-source.ts';
import { createSnapshotControl, type SnapshotControl } from '../control/snapshot/snapshot-control.ts';
import type { Service } from '../runtime/service.ts';
import { createIncidentControl } from './incidents.ts';
import type { Pipeline } from './pipeline.ts';
import type { Shared } from './shared.ts';

/** The control layer: what runs when, and the status of the fleet. */
export interface Control {
  readonly fleet: FleetSampler;
  readonly entities: EntityManager;
  readonly planner: EntityPlanner;
  readonly jobs: JobServer;
  readonly idempotency: Idempotency;
  readonly sources: SourceBrowser;
  readonly oplogBrowser: OplogBrowser;
  readonly rowsReader: RowsReader;
  readonly rowExplainer: RowExplainer;
  readonly nodes: NodeControl;
  readonly snapshots: SnapshotControl;
  readonly readAudit: ReadAuditPage;
  readonly incidents: Incidents;
  /** Registers this node before its parts report under its name. */
  readonly register: () => Promise<void>;
  /** Says, once its parts have ended, that this node stops in good order. */
  readonly signOff: () => Promise<void>;
  readonly services: readonly Service[];
}

export function createControl(shared: Shared & { readonly pipeline: Pipeline }): Control {
  const { database, source, clock, log, nodeId, config, pipeline } = shared;
  const entityControl = createEntityControl(database);
  const withOwn = (rows: FleetRows): FleetRows =>
    withOwnCaches(rows, { nodeId, caches: pipeline.replicator?.status() ?? [] });
  const readRows = createFleetReader(database.pool);
  const fleet = createFleetSampler({
    clock,
    log,
    nodeId,
    readRows: async () => withOwn(await readRows()),
    intervalMs: config.pace.fleetMs,
  });
  const registry = createNodeRegistry({
    clock,
    log,
    database,
    nodeId,
    roles: config.roles,
    forgetNodeHours: config.forgetNodeHours,
    beatMs: config.pace.beatMs,
    ingest: () => pipeline.led().map(({ streamId, ingest }) => ({ streamId, status: ingest.status() })),
    sourceOplog: pipeline.sourceOplog,
  });
  const answers = createAnswers(shared);
  const { incidents, keeper } = createIncidentControl(shared, fleet);
  const wakeListener = createWakeListener({
    databaseUrl: database.url,
    wake: (channel) => (channel === 'emcachers_rows' ? answers?.wake() : wakeFor(channel, pipeline, fleet)),
  });
  const checks = { checkSource: (sourceName: string) => checkSource(source, sourceName), maskKey: config.maskKey };
  const entities = createEntityManager({
    ...{ clock, nodeId, fleet, measures: fleet.measures, control: entityControl, ...checks },
    readRows: async (entityName) => withOwn(await readFleetOf(database.pool, entityName)),
  });
  return {
    fleet,
    entities,
    planner: createEntityPlanner({ ...checks, existing: createEntityList(database) }),
    jobs: createJobServer({ store: createJobStore(database), control: entityControl, source }),
    idempotency: createIdempotency({ store: createIdempotencyStore(database), clock }),
    sources: createSourceBrowser({
      source,
      clock,
      ...{ maskKey: config.maskKey, largeDocumentBytes: config.largeDocumentBytes },
      entitiesOf: (sourceName) => entitiesOf(fleet, sourceName).map(({ entityName }) => entityName),
      maskedPathsOf: (sourceName) => entitiesOf(fleet, sourceName).flatMap(({ columns }) => maskedPaths(columns)),
    }),
    oplogBrowser: createOplogBrowser({
      control: entityControl,
      oplog: pipeline.oplog,
      readDeadLetters: (entityId, limit) => readDeadLetters(database, { entityId, limit }),
    }),
    rowsReader: createRowsReader(pipeline.replicator),
    rowExplainer: createExplainer(shared, entityControl),
    nodes: createNodeControl({ forget: (name, asker) => forgetNode(database.pool, name, asker) }),
    snapshots: createSnapshotControl({
      find: entityControl.find,
      snapshotsOf: entityControl.snapshots,
      requestDeletion: (snapshot) => requestSnapshotDeletion(database.pool, snapshot),
    }),
    readAudit: createAuditReader((filter) => readAudit(database.pool, filter)),
    incidents,
    register: registry.beat,
    signOff: registry.signOff,
    services: [wakeListener, fleet, registry, keeper, ...(answers === null ? [] : [answers])],
  };
}

/** Null on a node without caches. */
function createAnswers({
  clock,
  nodeId,
  database: { pool },
  pipeline: { replicator },
}: Shared & { readonly pipeline: Pipeline }): RowAnswers | null {
  if (replicator === null) return null;
  return createRowAnswers({
    ...{ clock, nodeId },
    readWholeRows: (entityName, docIds) => replicator.readWholeRows(entityName, docIds),
    openQuestions: () => openQuestions(pool, nodeId),
    answer: (questionId, answer) => answerQuestion(pool, questionId, answer),
  });
}

function createExplainer({ clock, config, source, database: { pool } }: Shared, control: EntityControl): RowExplainer {
  const { rowBytesMax, maskKey, largeDocumentBytes } = config;
  const projection = { rowBytesMax, maskKey, largeDocumentBytes };
  return createRowExplainer({
    ...{ clock, control },
    readSource: (entity, docIds) => readRowSource({ source, projection }, entity, docIds),
    history: ({ entityId }, docIds) => documentHistory(pool, { entityId, docIds }),
    passedTime: (streamId) => passedTimeOf(pool, streamId),
    nodes: () => answeringNodes(pool, thresholds.reportAgeMsMax),
    ask: (question) => askForRows(pool, question),
    answers: (questionId) => rowAnswers(pool, questionId),
    forget: (questionId) => forgetQuestion(pool, questionId),
  });
}

function wakeFor(channel: string, pipeline: Pipeline, fleet: FleetSampler): void {
  if (channel === 'emcachers_oplog') {
    pipeline.replicator?.oplogChanged();
    return;
  }
  pipeline.streamsChanged();
  for (const { ingest, jobRunner } of pipeline.led()) {
    ingest.wake();
    jobRunner.wake();
  }
  pipeline.replicator?.entitiesChanged();
  fleet.wake();
}

function entitiesOf(fleet: FleetSampler, sourceName: string): EntityView[] {
  const entities = fleet.latest()?.entities ?? [];
  return entities.filter((entity) => entity.sourceName === sourceName);
}

function maskedPaths(columns: EntityView['columns']): string[] {
  return columns.filter(({ mask }) => mask !== undefined).map(({ path }) => path);
}
