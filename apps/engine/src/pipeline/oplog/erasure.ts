/**
 * Removes what PostgreSQL keeps of documents that the source no longer has: all entries but their last Delete, staged operations, planned
 * deletions and dead letters; then writes the tables anew, because PostgreSQL keeps removed rows in its files until their space is used.
 * Keeps I1: the Delete stays, so every reader ends with the same rows. Compaction of the entity waits meanwhile.
 * Worst case: a table that is in use cannot be written anew; the result says which.
 */
import { abandonRewrite } from '@emcachers/db/compaction/rewrite-partition';
import type { Database } from '@emcachers/db/database';
import { toDatabaseError } from '@emcachers/db/database-error';
import { type EraseOutcome, eraseDocuments } from '@emcachers/db/erase/erase-documents';
import { rewriteTables } from '@emcachers/db/erase/rewrite-tables';
import type { Exclusive } from '../../runtime/exclusive.ts';
import { rewriteNow } from './compaction/partition-rewrite.ts';

export interface ErasureDependencies {
  readonly database: Pick<Database, 'pool'>;
  readonly epoch: number;
  /** Shared with compaction. */
  readonly upkeep: Exclusive;
}

export interface ErasureRequest {
  readonly entityId: number;
  readonly docIds: readonly string[];
  readonly signal: AbortSignal;
}

/** `notRewritten`: tables whose files may still have the removed values in unused space. */
export type ErasureOutcome = EraseOutcome & { readonly notRewritten: readonly string[] };

/** May be repeated. Throws EMC-3002 if this node no longer leads, and EMC-3001. */
export type EraseFromOplog = (request: ErasureRequest) => Promise<ErasureOutcome>;

/** The lock that exchanging the tables needs is tried for this often. */
const rewritesMax = 3;

export function createErasure(dependencies: ErasureDependencies): EraseFromOplog {
  return (request) => dependencies.upkeep.run(request.entityId, () => erase(dependencies, request));
}

async function erase(dependencies: ErasureDependencies, request: ErasureRequest): Promise<ErasureOutcome> {
  const { database, epoch } = dependencies;
  const { entityId, docIds, signal } = request;
  try {
    signal.throwIfAborted();
    const outcome = await eraseDocuments(database.pool, { epoch, entityId, docIds });
    if (outcome.kind !== 'erased') return { ...outcome, notRewritten: [] };
    const isRewritten = await rewriteOplog(dependencies, request);
    const others = await rewriteTables(database.pool);
    return { ...outcome, notRewritten: [...(isRewritten ? [] : ['oplog']), ...others] };
  } catch (error) {
    throw toDatabaseError(error);
  }
}

async function rewriteOplog({ database, epoch }: ErasureDependencies, request: ErasureRequest): Promise<boolean> {
  const { entityId, signal } = request;
  const paced = <Result>(step: () => Promise<Result>): Promise<Result> => step();
  try {
    for (let attempt = 0; attempt < rewritesMax; attempt += 1)
      if (await rewriteNow({ database, epoch, entityId, paced, signal })) return true;
    return false;
  } catch (error) {
    await abandonRewrite(database.pool, entityId);
    throw error;
  }
}
