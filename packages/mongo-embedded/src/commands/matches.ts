import { setImmediate as nextTurn } from 'node:timers/promises';
import { batchRequest } from '../cursor/open-cursor.ts';
import { planScan, remainingFilter } from '../cursor/scan-plan.ts';
import type { CompiledFilter } from '../query/filter.ts';
import type { Collection } from '../storage/catalog.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import type { CommandContext } from './command.ts';
import type { SortChoice } from './find-options.ts';
import { retryWhenUnlocked } from './retry-when-unlocked.ts';

const pageLimit = { rows: 500, bytes: 4 * 1024 * 1024 };
const turnMsMax = 10;

export interface MatchOptions {
  readonly collection: Collection;
  readonly filter: CompiledFilter;
  /** Only the first match. */
  readonly isSingle: boolean;
  readonly sort: SortChoice | null;
}

/**
 * Calls `change` with each document that matches, each once. A document that an open transaction holds is waited for and matched
 * again; one that no longer matches is passed over. Gives way to other clients on long scans, as mongod yields.
 */
export async function forEachMatch(
  context: CommandContext,
  options: MatchOptions,
  change: (stored: StoredDocument) => void,
): Promise<void> {
  const { collection, filter, isSingle, sort } = options;
  const { access } = context;
  const first = isSingle && sort !== null && sort.sort !== null ? await firstInOrder(context, options) : null;
  const plan =
    first === null ? planScan(filter, sort?.order ?? 'any') : { keys: first, range: null, isDescending: false };
  const test = first === null ? remainingFilter(filter) : filter;
  const reader = access.pages(collection, plan);
  const pause = pauser(context);
  for (let page = reader.next(pageLimit); page !== null; page = reader.next(pageLimit)) {
    let isFresh = true;
    for (const read of page) {
      const stored = isFresh ? read : access.get(collection, read.key);
      const needed = isFresh ? test : filter;
      if (stored === undefined || (needed !== null && !needed.matches(stored.document))) continue;
      const outcome = changeOnce(context, { collection, filter, stored, change });
      // After a wait the rest of the page may have changed.
      if (outcome instanceof Promise) isFresh = false;
      // Nothing else may run between reading a page and changing its documents: await only where there is a wait.
      const isChanged = outcome instanceof Promise ? await outcome : outcome;
      if (isChanged && isSingle) return;
    }
    await pause();
  }
}

interface Attempt {
  readonly collection: Collection;
  readonly filter: CompiledFilter;
  readonly stored: StoredDocument;
  readonly change: (stored: StoredDocument) => void;
}

function changeOnce(
  context: CommandContext,
  { collection, filter, stored, change }: Attempt,
): boolean | Promise<boolean> {
  try {
    change(stored);
    return true;
  } catch (error) {
    return retryWhenUnlocked(context, error, () => {
      const current = context.access.get(collection, stored.key);
      if (current === undefined || !filter.matches(current.document)) return false;
      change(current);
      return true;
    });
  }
}

/** The key of the match that a sort puts first; none if nothing matches. */
async function firstInOrder(
  context: CommandContext,
  { collection, filter, sort }: MatchOptions,
): Promise<Uint8Array[]> {
  const reader = context.access.pages(collection, planScan(filter, 'any'));
  const pause = pauser(context);
  let best: StoredDocument | null = null;
  for (let page = reader.next(pageLimit); page !== null; page = reader.next(pageLimit)) {
    for (const stored of page) {
      if (!filter.matches(stored.document)) continue;
      if (best === null || (sort?.sort?.compare(stored.document, best.document) ?? 0) < 0) best = stored;
    }
    await pause();
  }
  return best === null ? [] : [best.key];
}

function pauser(context: CommandContext): () => Promise<void> {
  const { clock } = context.server;
  const request = batchRequest(context, { documentsMax: 0 });
  let turnEndMs = clock.monotonicMs() + turnMsMax;
  return async () => {
    if (clock.monotonicMs() < turnEndMs) return;
    request.checkTime();
    await nextTurn();
    turnEndMs = clock.monotonicMs() + turnMsMax;
  };
}
