import { readOverlaidPages } from '../session/overlaid-pages.ts';
import type { Collection } from '../storage/catalog.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import { DirectAccess } from '../storage/direct-access.ts';
import type { PageReader, ScanPlan } from '../storage/document-access.ts';
import type { LockTable } from '../storage/lock-table.ts';
import type { Store } from '../storage/store.ts';

/**
 * The documents of a member as a majority of the replica set has them (I2): without the writes that only this member
 * has, which an election may roll back. Earlier versions are kept only while there are such writes. Collections and
 * indexes are always those of this member.
 */
export class MajorityView extends DirectAccess {
  readonly #store: Store;
  /** The state that a majority has, or null if that is the present one. */
  #snapshot: number | null = null;

  constructor(store: Store, locks: LockTable) {
    super(store, locks);
    this.#store = store;
  }

  /** Call before a write that the majority does not have. */
  beforeWrite(): void {
    this.#snapshot ??= this.#store.versions.open();
  }

  /** A majority has everything that this member has. */
  caughtUp(): void {
    if (this.#snapshot === null) return;
    this.#store.versions.release();
    this.#snapshot = null;
  }

  override get(collection: Collection, key: Uint8Array): StoredDocument | undefined {
    const { versions } = this.#store;
    const before = this.#snapshot === null ? undefined : versions.before(collection, key, this.#snapshot);
    return before === undefined ? collection.table.get(key) : (before ?? undefined);
  }

  override get keepsIndexOrder(): boolean {
    return false;
  }

  override pages(collection: Collection, plan: ScanPlan): PageReader {
    return readOverlaidPages(collection, plan, {
      get: (key) => this.get(collection, key),
      overlay: () =>
        new Map(this.#snapshot === null ? [] : this.#store.versions.changedSince(collection, this.#snapshot)),
    });
  }
}
