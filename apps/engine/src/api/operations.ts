import type { Operation } from './operation.ts';
import { actionOperations } from './operations/action-operations.ts';
import { browseOperations } from './operations/browse-operations.ts';
import { entityOperations } from './operations/entity-operations.ts';
import { fleetOperations } from './operations/fleet-operations.ts';
import { jobOperations } from './operations/job-operations.ts';
import { oplogOperations } from './operations/oplog-operations.ts';
import { sourceOperations } from './operations/source-operations.ts';

/**
 * Everything that can be asked of an engine. A row's name is its place: `entities.get` is the tRPC procedure of that
 * path. What is not here is the console's live stream (`live-router.ts`), which is a subscription and not a call.
 */
export const operations = {
  fleet: fleetOperations,
  entities: { ...entityOperations, ...actionOperations, ...browseOperations },
  sources: sourceOperations,
  jobs: jobOperations,
  oplog: oplogOperations,
};

export interface NamedOperation {
  readonly name: string;
  readonly operation: Operation;
}

/** The table's rows in order, for what is made from all of them. */
export const operationRows: readonly NamedOperation[] = Object.entries(operations).flatMap(([group, rows]) =>
  Object.entries<Operation>(rows).map(([name, operation]) => ({ name: `${group}.${name}`, operation })),
);
