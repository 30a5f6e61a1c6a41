import type { Collection } from './catalog.ts';
import { keyName } from './version-log.ts';

/** The owner of a document lock. */
export interface LockOwner {
  /** Resolves when the transaction commits or aborts. */
  readonly ended: Promise<void>;
}

/** Locks on documents that open transactions have written: one owner each, until the transaction ends. */
export class LockTable {
  readonly #owners = new Map<number, Map<string, LockOwner>>();

  /** Resolves when the transaction that locks the document ends; null if it is not locked. */
  holder(collection: Collection, key: Uint8Array): Promise<void> | null {
    if (this.#owners.size === 0) return null;
    return this.#owners.get(collection.id)?.get(keyName(key))?.ended ?? null;
  }

  /** False if another owner has locked the document. */
  acquire(owner: LockOwner, collection: Collection, key: Uint8Array): boolean {
    const documents = this.#owners.get(collection.id) ?? new Map<string, LockOwner>();
    const name = keyName(key);
    const holder = documents.get(name);
    if (holder !== undefined && holder !== owner) return false;
    documents.set(name, owner);
    this.#owners.set(collection.id, documents);
    return true;
  }

  releaseAll(owner: LockOwner): void {
    for (const [id, documents] of this.#owners) {
      for (const [name, holder] of documents) if (holder === owner) documents.delete(name);
      if (documents.size === 0) this.#owners.delete(id);
    }
  }

  /** Owners that have locked a document of the collection. */
  owners(collection: Collection): Set<LockOwner> {
    return new Set(this.#owners.get(collection.id)?.values() ?? []);
  }
}
