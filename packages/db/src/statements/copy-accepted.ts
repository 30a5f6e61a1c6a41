import type { Operation } from '@emcachers/core/operation';
import type pg from 'pg';
import { isRowRefused } from '../database-error.ts';

/** An operation that PostgreSQL refused. */
export interface RefusedOperation {
  readonly operation: Operation;
  readonly reason: string;
  /** False if not even a Delete of the document could be stored, so that the oplog does not tell that its row is outdated. */
  readonly isDeleted: boolean;
}

/** Writes operations in their order, in the transaction of `client`. */
export type CopyOperations = (client: pg.PoolClient, operations: readonly Operation[]) => Promise<void>;

/**
 * Copies operations and leaves out those that PostgreSQL refuses: a part that is refused is rolled back to a savepoint and tried
 * in two halves, down to the row. A Delete takes the place of a refused row, so that caches do not keep its earlier state. The
 * order is kept. Errors that do not concern a row are thrown.
 */
export async function copyAccepted(
  client: pg.PoolClient,
  operations: readonly Operation[],
  copy: CopyOperations,
): Promise<readonly RefusedOperation[]> {
  if (operations.length === 0) return [];
  const reason = await refusalOf(client, operations, copy);
  if (reason === null) return [];
  const [operation] = operations;
  if (operations.length > 1 || operation === undefined) {
    const half = operations.length >> 1;
    const first = await copyAccepted(client, operations.slice(0, half), copy);
    return [...first, ...(await copyAccepted(client, operations.slice(half), copy))];
  }
  const deletion: Operation = { ...operation, kind: 'Delete', data: null, sourceTimeMs: null };
  return [{ operation, reason, isDeleted: (await refusalOf(client, [deletion], copy)) === null }];
}

/** Null if all of the operations were accepted. */
async function refusalOf(
  client: pg.PoolClient,
  operations: readonly Operation[],
  copy: CopyOperations,
): Promise<string | null> {
  await client.query('SAVEPOINT part');
  try {
    await copy(client, operations);
    await client.query('RELEASE SAVEPOINT part');
    return null;
  } catch (error) {
    if (!isRowRefused(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part');
    return error instanceof Error ? error.message : String(error);
  }
}
