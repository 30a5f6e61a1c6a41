import type { Operation } from '@emcachers/core/operation';
import { toDatabaseError } from '@emcachers/db/database-error';
import { type AppendTarget, beginAppend } from '@emcachers/db/statements/begin-append';
import { commitAppend } from '@emcachers/db/statements/commit-append';
import type { RefusedOperation } from '@emcachers/db/statements/copy-accepted';
import { clearPosition, readPosition } from '@emcachers/db/statements/read-position';
import { savePosition } from '@emcachers/db/statements/save-position';
import { recordStreamStatus, restartScans } from '@emcachers/db/statements/scan-state';
import { inTransaction } from '@emcachers/db/transaction';
import {
  type AppendingTransaction,
  appendByNeed,
  copyOperations,
  isRefreshing,
  markChanges,
  recordOutcomes,
} from './append-operations.ts';
import { applyControlItem } from './control-items.ts';
import { type ControlItem, isControlItem } from './healed-documents.ts';
import type { OplogWriter } from './oplog.ts';
import type { AppendBatch, AppendItem, AppendResult } from './oplog-types.ts';
import { promoteChunk } from './promotion.ts';
import { appendReread } from './reread-writer.ts';
import { appendRetry } from './retry-writer.ts';
import { appendScanPage, beginScan, failScan, finishScan, recordCollection } from './scan-writer.ts';
import { proveScan } from './sweep-planning.ts';
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
    readPosition: async () => {
      try {
        return await readPosition(database.pool, epoch);
      } catch (error) {
        throw toDatabaseError(error);
      }
    },
    append: (batch) =>
      appendByNeed((byRow) => inTransaction(database.pool, (client) => append({ ...options, client, byRow }, batch))),
    savePosition: (position) =>
      inTransaction(database.pool, async (client) => {
        await beginAppend(client, { epoch, entityIds: [], lock: 'share', appends: false });
        await savePosition(client, epoch, position);
        await commitAppend(client, { epoch, appended: false, controlChanged: false, positionMoved: true });
      }),
    resetPosition: ({ reason, errorCode }) =>
      inTransaction(database.pool, async (client) => {
        const targets = await beginAppend(client, { epoch, entityIds: 'all', lock: 'update', appends: false });
        await restartScans(client, { entityIds: [...targets.keys()], reason, allowLargeSweep: false, hasGap: true });
        await clearPosition(client, epoch, { errorCode, reason });
        await commitAppend(client, { epoch, appended: false, controlChanged: true });
      }),
    beginScan: (scan) => beginScan(options, scan),
    recordCollection: (scan) => recordCollection(options, scan),
    appendScanPage: (page) => appendScanPage(options, page),
    finishScan: (scan) => finishScan(options, scan),
    failScan: (scan) => failScan(options, scan),
    appendReread: (reread) => appendReread(options, reread),
    appendRetry: (retried) => appendRetry(options, retried),
    proveScan: async (run) => {
      const { kind } = await proveScan(options, run);
      return kind === 'waiting' || kind === 'superseded' ? kind : 'proven';
    },
    promoteChunk: (chunk) => promoteChunk(options, chunk),
  };
}

type AppendRun = Omit<OplogWriterOptions, 'database'> & Pick<AppendingTransaction, 'client' | 'byRow'>;

async function append({ client, epoch, byRow, deadLettersMax }: AppendRun, batch: AppendBatch): Promise<AppendResult> {
  const segments = segmentsOf(batch.items);
  // A refused row may fail its entity.
  const changesEntities = byRow || segments.some((segment) => segment.control !== null);
  const entityIds = [...new Set([...batch.items, ...batch.columnCounts].map(({ entityId }) => entityId))];
  const lock = changesEntities ? 'update' : 'share';
  const targets = await beginAppend(client, { epoch, entityIds, lock, appends: batch.items.length > 0 });
  let appending: AppendingTransaction = { client, epoch, byRow, deadLettersMax, targets };
  const tally: Tally = { appended: 0, staged: 0, dropped: 0, rescans: [], refused: [] };
  for (const { operations, control } of segments) {
    await appendOperations(appending, operations, tally);
    if (control !== null) appending = { ...appending, targets: await appendControl(appending, control, tally) };
  }
  // A change during a scan is counted by the scan, which reads the document too.
  const isStored = ({ entityId }: { entityId: number }): boolean => {
    const target = targets.get(entityId);
    return target?.route === 'oplog' && !isRefreshing(target);
  };
  const columnCounts = batch.columnCounts.filter(isStored);
  await recordOutcomes(appending, { ...batch, columnCounts, refused: tally.refused });
  if (changesEntities) await recordStreamStatus(client, epoch);
  if (batch.position !== null) await savePosition(client, epoch, batch.position);
  await commitAppend(client, {
    epoch,
    appended: tally.appended > 0,
    controlChanged: changesEntities,
    positionMoved: batch.position !== null,
  });
  return { appended: tally.appended, staged: tally.staged, dropped: tally.dropped, rescans: tally.rescans };
}

interface Tally {
  appended: number;
  staged: number;
  dropped: number;
  readonly rescans: number[];
  readonly refused: RefusedOperation[];
}

async function appendOperations(
  appending: AppendingTransaction,
  operations: readonly Operation[],
  tally: Tally,
): Promise<void> {
  const routed = route(operations, appending.targets);
  await markChanges(appending, routed.oplog);
  tally.refused.push(...(await copyOperations(appending, 'oplog', routed.oplog)));
  tally.refused.push(...(await copyOperations(appending, 'staging', routed.staging)));
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
