import { planScan, remainingFilter, type ScanOrder } from '../cursor/scan-plan.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { CompiledFilter } from '../query/filter.ts';
import type { CompiledSort } from '../query/sort.ts';
import type { Collection } from '../storage/catalog.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import type { ScanPlan } from '../storage/document-access.ts';
import type { CommandContext } from './command.ts';
import type { SortChoice } from './find-options.ts';
import { retryWhenUnlocked } from './retry-when-unlocked.ts';

/** Documents that are changed between two looks at the clock. */
const pageLimit = { rows: 100, bytes: 4 * 1024 * 1024 };

/** Changes one matching document. The collection is the current one: its options may change between two pages. */
export type ChangeMatch = (stored: StoredDocument, collection: Collection) => void;

export interface MatchOptions {
  readonly collection: Collection;
  readonly filter: CompiledFilter;
  /** Only the first match. */
  readonly isSingle: boolean;
  readonly sort: SortChoice | null;
}

/**
 * Calls `change` once for each matching document. If an open transaction has locked a document, waits for it and
 * matches again, and skips the document if it no longer matches. Long scans let other clients take their turn, as in
 * mongod; throws QueryPlanKilled 175 if one of them drops or renames the collection.
 */
export async function forEachMatch(context: CommandContext, options: MatchOptions, change: ChangeMatch): Promise<void> {
  const { filter, isSingle } = options;
  const { turns } = context;
  const planned = planMatches(context, options);
  const { plan, remaining } = planned instanceof Promise ? await planned : planned;
  let collection = currentOf(context, options.collection);
  const reader = context.access.pages(collection, plan);
  for (let page = reader.next(pageLimit); page !== null; page = reader.next(pageLimit)) {
    const changes = new PageChanges(context, { collection, filter, remaining, change, isSingle });
    // No other code may run between reading a page and changing its documents, so await only a promise.
    const outcome = changes.apply(page.values());
    const isOver = outcome instanceof Promise ? await outcome : outcome;
    if (isOver) return;
    if (!turns.isOver) continue;
    await turns.next();
    collection = currentOf(context, collection);
  }
}

/** The collection after a turn of other clients. */
function currentOf({ access }: CommandContext, { database, name, uuid }: Collection): Collection {
  const current = access.collection(database, name);
  if (current?.uuid.equals(uuid) === true) return current;
  throw new MongoFailure('QueryPlanKilled', `collection dropped or renamed: '${database}.${name}'`);
}

interface MatchPlan {
  readonly plan: ScanPlan;
  /** The filter still to be evaluated; null if the scan covers it completely. */
  readonly remaining: CompiledFilter | null;
}

function planMatches(context: CommandContext, options: MatchOptions): MatchPlan | Promise<MatchPlan> {
  const { collection, filter, isSingle, sort } = options;
  if (isSingle && sort !== null && sort.sort !== null)
    return planFirst(context, collection, { filter, sort: sort.sort, order: sort.order });
  const plan = planScan(collection, filter, { order: sort?.order ?? 'any' });
  return { plan, remaining: remainingFilter(filter, plan) };
}

async function planFirst(context: CommandContext, collection: Collection, wanted: SortedMatch): Promise<MatchPlan> {
  const keys = await firstInOrder(context, collection, wanted);
  return { plan: { keys, range: null, isDescending: false }, remaining: wanted.filter };
}

interface PageChangeOptions {
  readonly collection: Collection;
  readonly filter: CompiledFilter;
  readonly remaining: CompiledFilter | null;
  readonly change: ChangeMatch;
  readonly isSingle: boolean;
}

/** Changes the documents of one page; after a wait for a lock it reads each document again, since it may have changed. */
class PageChanges {
  readonly #context: CommandContext;
  readonly #options: PageChangeOptions;
  #isFresh = true;

  constructor(context: CommandContext, options: PageChangeOptions) {
    this.#context = context;
    this.#options = options;
  }

  /**
   * Changes the matches among the documents; true if no other document is to be changed. A promise only if it has to wait
   * for a lock, and then it goes on with the same iterator, which a return from the loop does not close.
   */
  apply(documents: ArrayIterator<StoredDocument>): boolean | Promise<boolean> {
    for (const read of documents) {
      const outcome = this.#applyTo(read);
      if (outcome instanceof Promise) return this.#applyAfter(outcome, documents);
      if (outcome && this.#options.isSingle) return true;
    }
    return false;
  }

  async #applyAfter(outcome: Promise<boolean>, others: ArrayIterator<StoredDocument>): Promise<boolean> {
    const isChanged = await outcome;
    return (isChanged && this.#options.isSingle) || this.apply(others);
  }

  /** Whether the document matched and was changed. */
  #applyTo(read: StoredDocument): boolean | Promise<boolean> {
    const { collection, filter, remaining, change } = this.#options;
    const stored = this.#isFresh ? read : this.#context.access.get(collection, read.key);
    const needed = this.#isFresh ? remaining : filter;
    if (stored === undefined || (needed !== null && !needed.matches(stored.document))) return false;
    const outcome = changeOnce(this.#context, { collection, filter, stored, change });
    if (outcome instanceof Promise) this.#isFresh = false;
    return outcome;
  }
}

interface Attempt {
  readonly collection: Collection;
  readonly filter: CompiledFilter;
  readonly stored: StoredDocument;
  readonly change: ChangeMatch;
}

function changeOnce(
  context: CommandContext,
  { collection, filter, stored, change }: Attempt,
): boolean | Promise<boolean> {
  try {
    change(stored, collection);
    return true;
  } catch (error) {
    return retryWhenUnlocked(context, error, () => {
      const now = currentOf(context, collection);
      const current = context.access.get(now, stored.key);
      if (current === undefined || !filter.matches(current.document)) return false;
      change(current, now);
      return true;
    });
  }
}

interface SortedMatch {
  readonly filter: CompiledFilter;
  readonly sort: CompiledSort;
  readonly order: ScanOrder;
}

/** The key of the first match in sort order; empty if nothing matches. */
async function firstInOrder(
  context: CommandContext,
  collection: Collection,
  wanted: SortedMatch,
): Promise<Uint8Array[]> {
  const reader = context.access.pages(collection, planScan(collection, wanted.filter, { order: wanted.order }));
  const { turns } = context;
  let first: StoredDocument | null = null;
  for (let page = reader.next(pageLimit); page !== null; page = reader.next(pageLimit)) {
    first = firstOf(page, first, wanted);
    if (turns.isOver) await turns.next();
  }
  return first === null ? [] : [first.key];
}

/** The first of `earlier` and the page's matches in sort order. */
function firstOf(
  page: readonly StoredDocument[],
  earlier: StoredDocument | null,
  { filter, sort }: SortedMatch,
): StoredDocument | null {
  let first = earlier;
  for (const stored of page) {
    if (!filter.matches(stored.document)) continue;
    if (first === null || sort.compare(stored.document, first.document) < 0) first = stored;
  }
  return first;
}
