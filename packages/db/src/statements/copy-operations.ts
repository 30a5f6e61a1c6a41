import type { Operation } from '@emcachers/core/operation';
import type pg from 'pg';
import type { AppendTarget } from './begin-append.ts';
import { copyRows } from './copy-text.ts';

/** A batch, and where the operations of each entity go. `targets` is keyed by entity id. */
export interface RoutedOperations {
  readonly epoch: number;
  readonly targets: ReadonlyMap<number, AppendTarget>;
  readonly operations: readonly Operation[];
}

const oplogColumns = 'entity_id, operation, doc_id, data, version, source_time_ms, epoch';
const oplogSql = `COPY oplog (${oplogColumns}) FROM STDIN`;
const unitsSql = `COPY oplog (${oplogColumns}, unit) FROM STDIN`;
const stagingSql = 'COPY oplog_staging (entity_id, run_id, operation, doc_id, data, source_time_ms, epoch) FROM STDIN';

/** Copies operations into the oplog, stamped with the version that the transaction read; for live changes and scanned documents. */
export async function copyToOplog(client: pg.PoolClient, routed: RoutedOperations): Promise<void> {
  if (routed.operations.length === 0) return;
  const values = (operation: Operation) => {
    const version = targetOf(routed, operation).version;
    const { entityId, kind, docId, data, sourceTimeMs } = operation;
    return [entityId, kind, docId, data, version, sourceTimeMs, routed.epoch];
  };
  // Most batches have no unit, and need not send the column.
  if (routed.operations.every(({ unit = 0 }) => unit === 0))
    return copyRows(client, oplogSql, { rows: routed.operations, values });
  const unitValues = (operation: Operation) => [...values(operation), operation.unit ?? 0];
  await copyRows(client, unitsSql, { rows: routed.operations, values: unitValues });
}

/** Copies operations into staging, where they wait until the entity's scan is complete. */
export async function copyToStaging(client: pg.PoolClient, routed: RoutedOperations): Promise<void> {
  if (routed.operations.length === 0) return;
  const values = (operation: Operation) => {
    const runId = targetOf(routed, operation).runId;
    const { entityId, kind, docId, data, sourceTimeMs } = operation;
    return [entityId, runId, kind, docId, data, sourceTimeMs, routed.epoch];
  };
  await copyRows(client, stagingSql, { rows: routed.operations, values });
}

function targetOf(routed: RoutedOperations, operation: Operation): AppendTarget {
  const target = routed.targets.get(operation.entityId);
  if (target === undefined) throw new Error(`Entity ${operation.entityId} is not locked by this transaction.`);
  return target;
}
