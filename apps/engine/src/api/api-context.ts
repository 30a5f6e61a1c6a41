import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { ReadAuditPage } from '../control/browse/audit-view.ts';
import type { OplogBrowser } from '../control/browse/oplog-browser.ts';
import type { RowsReader } from '../control/browse/rows-reader.ts';
import type { SourceBrowser } from '../control/browse/source-browser.ts';
import type { EntityManager } from '../control/entity/entity-manager.ts';
import type { Fleet } from '../control/fleet/fleet.ts';
import type { Incidents } from '../control/incident/incidents.ts';
import type { JobServer } from '../control/job/job-server.ts';
import type { NodeControl } from '../control/node/node-control.ts';
import type { EntityPlanner } from '../control/plan/entity-planner.ts';
import type { RowExplainer } from '../control/row/row-explainer.ts';
import type { SnapshotControl } from '../control/snapshot/snapshot-control.ts';
import type { Idempotency } from './idempotency.ts';

/** The services that the routes use. tRPC and REST share them, so both give the same answers. */
export interface ApiServices {
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly entities: EntityManager;
  readonly planner: EntityPlanner;
  readonly jobs: JobServer;
  readonly nodes: NodeControl;
  readonly snapshots: SnapshotControl;
  readonly readAudit: ReadAuditPage;
  readonly incidents: Incidents;
  readonly idempotency: Idempotency;
  readonly sources: SourceBrowser;
  readonly oplogBrowser: OplogBrowser;
  readonly rowsReader: RowsReader;
  readonly rowExplainer: RowExplainer;
  /** Aborts when the engine stops, which ends open streams. */
  readonly stopping: AbortSignal;
}

export interface ApiContext {
  readonly services: ApiServices;
  readonly log: Log;
  /** Identifies the request in the log and in its error responses. */
  readonly correlationId: string;
  /** The client's Idempotency-Key; null if it sent none. */
  readonly idempotencyKey: string | null;
}
