import type { Operation } from '@emcachers/core/operation';
import { type AppendTarget, beginAppend } from '@emcachers/db/statements/begin-append';
import { commitAppend } from '@emcachers/db/statements/commit-append';
import { copyToOplog, copyToStaging } from '@emcachers/db/statements/copy-operations';
import { addCoercionErrors, clearDeadLetters, putDeadLetters } from '@emcachers/db/statements/dead-letters';
import { clearPosition, readPosition } from '@emcachers/db/statements/read-position';
import { savePosition } from '@emcachers/db/statements/save-position';
import { recordStreamStatus, restartScans } from '@emcachers/db/statements/scan-state';
import { inTransaction, type TransactionClient } from '@emcachers/db/transaction';
import { type AppendingTransaction, applyControlItem } from './control-items.ts';
import { type ControlItem, healed, isControlItem } from './healed-documents.ts';
import type { OplogWriter } from './oplog.ts';
import type { AppendBatch, AppendItem, AppendResult } from './oplog-types.ts';
import { promoteChunk } from './promotion.ts';
import { appendScanPage, beginScan, failScan, finishScan } from './scan-writer.ts';
import type { OplogWriterOptions } from './writer-options.ts';

/**
 * Writes the oplog for the leader. Keeps I2 (position and entries in one transaction), I3 (append lock before the first
 * id), I9 (epoch checked in every transaction) and I10 (dead letters in the transaction that passes them). It keeps no entity
 * state between transactions, because another connection's commit may change it. Worst case: a commit without a reply. The
 * caller then reads the position again.
 */

export function createOplogWriter(options: OplogWriterOptions): OplogWriter {
  const { database, epoch } = options;
  return {
    readPosition: () => readPosition(database.pool),
    append: (batch) => inTransaction(database.pool, (client) => append(client, epoch, batch)),
    savePosition: (position) =>
      inTransaction(database.pool, async (client) => {
        await beginAppend(client, { epoch, entityIds: [], lock: 'share', appends: false });
        await savePosition(client, position);
        await commitAppend(client, { appended: false, controlChanged: false });
      }),
    resetPosition: (reason) =>
      inTransaction(database.pool, async (client) => {
        const targets = await beginAppend(client, { epoch, entityIds: 'all', lock: 'update', appends: false });
        await restartScans(client, { entityIds: [...targets.keys()], reason, allowLargeSweep: false });
        await clearPosition(client);
        await commitAppend(client, { appended: false, controlChanged: true });
      }),
    beginScan: (scan) => beginScan(options, scan),
    appendScanPage: (page) => appendScanPage(options, page),
    finishScan: (scan) => finishScan(options, scan),
    failScan: (scan) => failScan(options, scan),
    promoteChunk: (chunk) => promoteChunk(options, chunk),
  };
}

async function append(client: TransactionClient, epoch: number, batch: AppendBatch): Promise<AppendResult> {
  const segments = segmentsOf(batch.items);
  const hasControl = segments.some((segment) => segment.control !== null);
  const entityIds = [...new Set(batch.items.map((item) => item.entityId))];
  const lock = hasControl ? 'update' : 'share';
  let targets = await beginAppend(client, { epoch, entityIds, lock, appends: batch.items.length > 0 });
  const result: Tally = { appended: 0, staged: 0, dropped: 0, rescans: [] };
  for (const { operations, control } of segments) {
    await appendOperations({ client, epoch, targets }, operations, result);
    if (control !== null) targets = await appendControl({ client, epoch, targets }, control, result);
  }
  await recordDocumentErrors({ client, epoch, targets }, batch);
  if (result.rescans.length > 0) await recordStreamStatus(client);
  if (batch.position !== null) await savePosition(client, batch.position);
  await commitAppend(client, { appended: result.appended > 0, controlChanged: result.rescans.length > 0 });
  return result;
}

async function recordDocumentErrors({ client, targets }: AppendingTransaction, batch: AppendBatch): Promise<void> {
  for (const letters of healed(batch.items, targets)) await clearDeadLetters(client, letters);
  await putDeadLetters(client, batch.deadLetters);
  for (const errors of batch.coercionErrors) await addCoercionErrors(client, errors);
}

interface Tally {
  appended: number;
  staged: number;
  dropped: number;
  readonly rescans: number[];
}

async function appendOperations(
  { client, epoch, targets }: AppendingTransaction,
  operations: readonly Operation[],
  tally: Tally,
): Promise<void> {
  const routed = route(operations, targets);
  await copyToOplog(client, { epoch, targets, operations: routed.oplog });
  await copyToStaging(client, { epoch, targets, operations: routed.staging });
  tally.appended += routed.oplog.length;
  tally.staged += routed.staging.length;
  tally.dropped += routed.dropped;
}

/** Returns the targets of the operations that follow the item. */
async function appendControl(
  appending: AppendingTransaction,
  control: ControlItem,
  tally: Tally,
): Promise<AppendingTransaction['targets']> {
  const applied = await applyControlItem(appending, control);
  tally.appended += applied.appended;
  if (applied.restarted) tally.rescans.push(control.entityId);
  return applied.targets;
}

interface Segment {
  readonly operations: readonly Operation[];
  /** Applied after the operations; null at the end of the batch. */
  readonly control: ControlItem | null;
}

/** Operations between two control items are written together, which keeps the stream's order. */
function segmentsOf(items: readonly AppendItem[]): readonly Segment[] {
  const segments: Segment[] = [];
  let operations: Operation[] = [];
  for (const item of items) {
    if (isControlItem(item)) {
      segments.push({ operations, control: item });
      operations = [];
      continue;
    }
    operations.push(item);
  }
  segments.push({ operations, control: null });
  return segments;
}

function route(operations: readonly Operation[], targets: ReadonlyMap<number, AppendTarget>) {
  const oplog: Operation[] = [];
  const staging: Operation[] = [];
  for (const operation of operations) {
    const destination = targets.get(operation.entityId)?.route;
    if (destination === 'oplog') oplog.push(operation);
    else if (destination === 'staging') staging.push(operation);
  }
  return { oplog, staging, dropped: operations.length - oplog.length - staging.length };
}
