import type { Operation } from '@emcachers/core/operation';
import { beginAppend } from '@emcachers/db/statements/begin-append';
import { commitAppend } from '@emcachers/db/statements/commit-append';
import { lockUnchangedLetters } from '@emcachers/db/statements/retry-dead-letters';
import { inTransaction, type TransactionClient } from '@emcachers/db/transaction';
import { appendByNeed, copyOperations, recordOutcomes } from './append-operations.ts';
import type { RetriedDocuments, RetryOutcome } from './oplog-types.ts';
import type { OplogWriterOptions } from './writer-options.ts';

/**
 * The retry part of the oplog writer. Keeps I6: a document is written only if its dead letter is unchanged, because every change
 * of the document that the stream or a scan commits removes or renews the letter in its own transaction. An unchanged letter
 * therefore proves that nothing newer than what the retry read is in the oplog.
 */
export async function appendRetry(options: OplogWriterOptions, retried: RetriedDocuments): Promise<RetryOutcome> {
  return appendByNeed((byRow) =>
    inTransaction(options.database.pool, (client) => append({ ...options, client, byRow }, retried)),
  );
}

type RetryRun = Omit<OplogWriterOptions, 'database'> & { readonly client: TransactionClient; readonly byRow: boolean };

async function append(
  { client, epoch, byRow, deadLettersMax }: RetryRun,
  { entityId, letters, counts, ...retried }: RetriedDocuments,
): Promise<RetryOutcome> {
  const targets = await beginAppend(client, { epoch, entityIds: [entityId], lock: 'update', appends: true });
  if (targets.get(entityId)?.route !== 'oplog') {
    await client.query('ROLLBACK');
    return { kind: 'superseded' };
  }
  const unchanged = await lockUnchangedLetters(client, { entityId, letters });
  const items = retried.operations.filter(({ docId }) => unchanged.has(docId));
  const deadLetters = retried.deadLetters.filter(({ docId }) => unchanged.has(docId));
  // The Delete of a refused document is in the oplog since it was refused first.
  const upserts = items.filter(({ kind }) => kind === 'Upsert');
  const appending = { client, epoch, targets, byRow, deadLettersMax };
  const refused = await copyOperations(appending, 'oplog', upserts);
  const columnCounts = [{ entityId, counts }];
  await recordOutcomes(appending, { items, deadLetters, refused, columnCounts });
  await commitAppend(client, { epoch, appended: upserts.length > 0, controlChanged: false });
  return tallyOf({
    letters: letters.length,
    items,
    upserts: upserts.length,
    deadLetters: deadLetters.length,
    refused: refused.length,
  });
}

function tallyOf(counted: {
  readonly letters: number;
  readonly items: readonly Operation[];
  readonly upserts: number;
  readonly deadLetters: number;
  readonly refused: number;
}): RetryOutcome {
  const { letters, items, upserts, deadLetters, refused } = counted;
  return {
    kind: 'ok',
    copied: upserts - refused,
    gone: items.length - upserts - deadLetters,
    refused: deadLetters + refused,
    changed: letters - items.length,
  };
}
