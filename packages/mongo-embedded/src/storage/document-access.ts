import type { Stamp } from '../history/history-log.ts';
import type { Collection } from './catalog.ts';
import type { KeyRange, PageLimit, StoredDocument } from './collection-table.ts';
import type { IndexPlan } from './index-plan.ts';

/**
 * How to scan a collection. `keys` are point lookups in this order; otherwise the range is scanned in `_id` or
 * insertion order.
 */
export interface ScanPlan {
  readonly keys: readonly Uint8Array[] | null;
  readonly range: KeyRange | null;
  readonly isDescending: boolean;
  /** An index that has every possible match; its order is that of the scan. */
  readonly index?: IndexPlan | null;
}

/** Reads a collection page by page; null when there is nothing more. */
export interface PageReader {
  next(limit: PageLimit): StoredDocument[] | null;
}

/** The outcome of an update. */
export interface Replacement {
  readonly document: Uint8Array;
  readonly kind: 'update' | 'replace';
  /** Raw `{ updatedFields, … }` for kind `update`. */
  readonly updateDescription: Uint8Array | null;
}

/**
 * How a command reads and writes documents, inside a transaction or outside of one. Writes throw DuplicateKey 11000,
 * and WriteConflict 112 inside a transaction; outside one they throw `LockedByTransaction`, and the caller waits and
 * retries.
 */
export interface DocumentAccess {
  collection(database: string, name: string): Collection | undefined;
  /** The collection, made with default options if it is missing, as the first write to a name does. */
  collectionForWrite(database: string, name: string): Collection;
  get(collection: Collection, key: Uint8Array): StoredDocument | undefined;
  pages(collection: Collection, plan: ScanPlan): PageReader;
  /** Whether the pages of a plan with an index are in the order of the index. */
  readonly keepsIndexOrder: boolean;
  /** One stamp for documents that mongod would log as one oplog entry. */
  stamp(): Stamp;
  insert(
    collection: Collection,
    document: { readonly key: Uint8Array; readonly bytes: Uint8Array },
    stamp: Stamp,
  ): void;
  replace(collection: Collection, stored: StoredDocument, replacement: Replacement): void;
  remove(collection: Collection, stored: StoredDocument): void;
}

/** A document is locked by an open transaction; `ended` resolves when that commits or aborts. */
export class LockedByTransaction extends Error {
  readonly ended: Promise<void>;

  constructor(ended: Promise<void>) {
    super('The document is held by an open transaction');
    this.ended = ended;
  }
}
