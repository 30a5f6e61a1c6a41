import type { Operation } from '@emcachers/core/operation';
import { isRowRefused } from '@emcachers/db/database-error';
import type { AppendTarget } from '@emcachers/db/statements/begin-append';
import { markChanged } from '@emcachers/db/statements/changed-documents';
import { addColumnCounts } from '@emcachers/db/statements/column-counts';
import { copyAccepted, type RefusedOperation } from '@emcachers/db/statements/copy-accepted';
import { copyToOplog, copyToStaging } from '@emcachers/db/statements/copy-operations';
import { clearDeadLetters, putDeadLetters } from '@emcachers/db/statements/dead-letters';
import { markScanFailed } from '@emcachers/db/statements/scan-state';
import type { TransactionClient } from '@emcachers/db/transaction';
import { healed } from './healed-documents.ts';
import type { AppendItem, DeadLetter, EntityColumnCounts } from './oplog-types.ts';

/**
 * Writes operations and what documents left behind, for live changes and scan pages. Keeps I10: a row that PostgreSQL refuses
 * becomes a dead letter. A transaction is first tried as a whole; only if a row is refused it is repeated `byRow`, which finds
 * that row and costs round trips.
 */
export interface AppendingTransaction {
  readonly client: TransactionClient;
  readonly epoch: number;
  readonly targets: ReadonlyMap<number, AppendTarget>;
  readonly byRow: boolean;
  readonly deadLettersMax: number | undefined;
}

/** Runs the transaction, and again row by row if PostgreSQL refused one. */
export async function appendByNeed<Result>(run: (byRow: boolean) => Promise<Result>): Promise<Result> {
  try {
    return await run(false);
  } catch (error) {
    if (!isRowRefused(error)) throw error;
    return run(true);
  }
}

/** Copies operations to the oplog or to staging, in order. Returns those that PostgreSQL refused. */
export async function copyOperations(
  { client, byRow, epoch, targets }: AppendingTransaction,
  destination: 'oplog' | 'staging',
  operations: readonly Operation[],
): Promise<readonly RefusedOperation[]> {
  const statement = destination === 'oplog' ? copyToOplog : copyToStaging;
  const copy = (some: readonly Operation[]): Promise<void> => statement(client, { epoch, targets, operations: some });
  if (byRow) return copyAccepted(client, operations, (_, some) => copy(some));
  await copy(operations);
  return [];
}

/** True while a refresh scans an entity whose live operations go to the oplog. */
export function isRefreshing({ lifecycle, route }: AppendTarget): boolean {
  return route === 'oplog' && (lifecycle === 'scanning' || lifecycle === 'catching-up');
}

/** Marks the documents of live operations, which a refresh must leave alone from now on. */
export async function markChanges(
  { client, epoch, targets }: AppendingTransaction,
  operations: readonly Operation[],
): Promise<void> {
  const refreshing = [...targets.values()].filter(isRefreshing);
  for (const { entityId, runId } of refreshing) {
    const docIds = operations.filter((operation) => operation.entityId === entityId).map(({ docId }) => docId);
    if (docIds.length > 0) await markChanged(client, { entityId, runId, docIds, epoch });
  }
}

/** What a batch or a page leaves beside its entries. */
export interface DocumentOutcomes {
  readonly items: readonly AppendItem[];
  readonly deadLetters: readonly DeadLetter[];
  readonly columnCounts: readonly EntityColumnCounts[];
  readonly refused: readonly RefusedOperation[];
}

/**
 * Records dead letters and counts, and clears the dead letters of documents that are good again. An entity of which PostgreSQL
 * does not even take a Delete fails: its oplog could no longer be trusted.
 */
export async function recordOutcomes(
  { client, targets, deadLettersMax }: AppendingTransaction,
  { items, refused, columnCounts, ...outcomes }: DocumentOutcomes,
): Promise<void> {
  const deadLetters = [...outcomes.deadLetters, ...refused.map(toDeadLetter)];
  for (const letters of healed({ items, deadLetters }, targets)) await clearDeadLetters(client, letters);
  await putDeadLetters(client, deadLetters, deadLettersMax);
  for (const counted of columnCounts) await addColumnCounts(client, counted);
  for (const { operation, reason, isDeleted } of refused)
    if (!isDeleted) await markScanFailed(client, { entityId: operation.entityId, errorCode: 'EMC-6004', reason });
}

function toDeadLetter({ operation: { entityId, docId }, reason }: RefusedOperation): DeadLetter {
  return { entityId, docId, errorCode: 'EMC-6004', reason, raw: null, documentKey: null, attempts: 1 };
}
