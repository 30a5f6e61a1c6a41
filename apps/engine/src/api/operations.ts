import type { Operation } from './operation.ts';
import { actionOperations } from './operations/action-operations.ts';
import { auditOperations } from './operations/audit-operations.ts';
import { browseOperations } from './operations/browse-operations.ts';
import { entityOperations } from './operations/entity-operations.ts';
import { fleetOperations } from './operations/fleet-operations.ts';
import { incidentOperations } from './operations/incident-operations.ts';
import { jobOperations } from './operations/job-operations.ts';
import { oplogOperations } from './operations/oplog-operations.ts';
import { planOperations } from './operations/plan-operations.ts';
import { snapshotOperations } from './operations/snapshot-operations.ts';
import { sourceOperations } from './operations/source-operations.ts';

/**
 * All operations of the API. A row's name is its path in the table: `entities.get` is the tRPC procedure with that
 * path. The console's live stream (`live-router.ts`) is not included because it is a subscription, not a call.
 */
export const operations = {
  fleet: fleetOperations,
  entities: {
    ...entityOperations,
    ...actionOperations,
    ...browseOperations,
    ...planOperations,
    ...snapshotOperations,
  },
  sources: sourceOperations,
  jobs: jobOperations,
  oplog: oplogOperations,
  audit: auditOperations,
  incidents: incidentOperations,
};

export interface NamedOperation {
  readonly name: string;
  readonly operation: Operation;
}

/** The rows of the table in order. */
export const operationRows: readonly NamedOperation[] = Object.entries(operations).flatMap(([group, rows]) =>
  Object.entries<Operation>(rows).map(([name, operation]) => ({ name: `${group}.${name}`, operation })),
);
