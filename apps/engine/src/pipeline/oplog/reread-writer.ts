import { beginAppend } from '@emcachers/db/statements/begin-append';
import { commitAppend } from '@emcachers/db/statements/commit-append';
import { findAppendedSince } from '@emcachers/db/statements/reread-documents';
import { inTransaction, type TransactionClient } from '@emcachers/db/transaction';
import { appendByNeed, copyOperations, recordOutcomes } from './append-operations.ts';
import type { RereadDocuments, RereadOutcome } from './oplog-types.ts';
import type { OplogWriterOptions } from './writer-options.ts';

/**
 * The partial-refresh part of the oplog writer. Keeps I6: a document is written only if it has no entry since its reading began. The
 * stream has passed the reading, so an entry that a newer change left is there; a document without one is as it was read.
 * Worst case: a source that was dropped meanwhile. Its documents must not return, so nothing is written then.
 */
export async function appendReread(options: OplogWriterOptions, reread: RereadDocuments): Promise<RereadOutcome> {
  return appendByNeed((byRow) =>
    inTransaction(options.database.pool, (client) => append({ ...options, client, byRow }, reread)),
  );
}

type RereadRun = Omit<OplogWriterOptions, 'database'> & { readonly client: TransactionClient; readonly byRow: boolean };

async function append(
  { client, epoch, byRow, deadLettersMax }: RereadRun,
  { start, counts, ...reread }: RereadDocuments,
): Promise<RereadOutcome> {
  const { entityId } = start;
  const targets = await beginAppend(client, { epoch, entityIds: [entityId], lock: 'update', appends: true });
  const target = targets.get(entityId);
  if (target?.route !== 'oplog') return refused(client, 'superseded');
  const docIds = reread.operations.map(({ docId }) => docId);
  const appended = target.runId === start.runId ? await findAppendedSince(client, { ...start, docIds }) : null;
  if (appended === null) return refused(client, 'restarted');
  const isUnchanged = ({ docId }: { docId: string }): boolean => !appended.has(docId);
  const operations = reread.operations.filter(isUnchanged);
  const deadLetters = reread.deadLetters.filter(isUnchanged);
  const appending = { client, epoch, targets, byRow, deadLettersMax };
  const refusedRows = await copyOperations(appending, 'oplog', operations);
  const columnCounts = [{ entityId, counts }];
  await recordOutcomes(appending, { items: operations, deadLetters, refused: refusedRows, columnCounts });
  await commitAppend(client, { epoch, appended: operations.length > 0, controlChanged: false });
  const refusedCount = deadLetters.length + refusedRows.length;
  const gone = operations.filter(({ kind }) => kind === 'Delete').length - deadLetters.length;
  const written = operations.length - gone - refusedCount;
  return { kind: 'ok', written, gone, refused: refusedCount, changed: appended.size };
}

async function refused<Kind extends string>(client: TransactionClient, kind: Kind): Promise<{ readonly kind: Kind }> {
  await client.query('ROLLBACK');
  return { kind };
}
