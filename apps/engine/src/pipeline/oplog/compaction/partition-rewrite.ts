/**
 * Gives the space of removed entries back: once more than half of a large partition is dead, its entries are copied into a fresh
 * table in chunks, beside appends, and the tables are swapped. Keeps I3 and I9: the swap appends nothing, waits for running
 * appends and checks the epoch. Can end after any step: the next attempt begins with an empty table.
 * Worst case: the lock for the swap is not free. The copy is dropped, and the next run that removes entries tries again.
 */

import {
  abandonRewrite,
  beginRewrite,
  copyEntries,
  readSpace,
  swapPartition,
} from '@emcachers/db/compaction/rewrite-partition';
import type { Database } from '@emcachers/db/database';

export interface PartitionRewrite {
  readonly database: Pick<Database, 'pool'>;
  readonly epoch: number;
  readonly entityId: number;
  /** A smaller partition is never rewritten. */
  readonly bytesMin: number;
  /** Takes one step; the caller may pause after it. */
  readonly paced: <Result>(step: () => Promise<Result>) => Promise<Result>;
  readonly signal: AbortSignal;
}

type Copy = Omit<PartitionRewrite, 'bytesMin'>;

const deadShareMin = 0.5;
const copyRows = 10_000;
/** Copied while appends wait: a few milliseconds. */
const lastRows = 1_000;
/** Appends that are faster than the copy would keep it busy for ever. */
const stepsMax = 100_000;

/** True if the partition was rewritten. */
export async function rewritePartition(rewrite: PartitionRewrite): Promise<boolean> {
  const { database, entityId, bytesMin } = rewrite;
  const { bytes, neededBytes } = await readSpace(database.pool, entityId);
  if (bytes < bytesMin || neededBytes > bytes * (1 - deadShareMin)) return false;
  return rewriteNow(rewrite);
}

/** As `rewritePartition`, whatever the partition's size. */
export async function rewriteNow(rewrite: Copy): Promise<boolean> {
  const { database, entityId } = rewrite;
  await beginRewrite(database.pool, entityId);
  const isSwapped = await copyAndSwap(rewrite);
  if (!isSwapped) await abandonRewrite(database.pool, entityId);
  return isSwapped;
}

async function copyAndSwap({ database, epoch, entityId, paced, signal }: Copy): Promise<boolean> {
  let after = 0;
  for (let step = 0; step < stepsMax; step += 1) {
    if (signal.aborted) return false;
    const place = { entityId, after, limit: copyRows };
    const { entries, to } = await paced(() => copyEntries(database.pool, place));
    after = to;
    if (entries < lastRows) return swapPartition(database.pool, { entityId, epoch, after, limit: 2 * lastRows });
  }
  return false;
}
