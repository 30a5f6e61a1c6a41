import type { Collection } from './catalog.ts';
import type { StoredDocument } from './collection-table.ts';

interface Version {
  /** Counts writes; a reader with a smaller snapshot number still sees `before`. */
  readonly number: number;
  readonly before: StoredDocument | null;
}

/**
 * Earlier versions of changed documents, kept while transactions are open so that each reads its own snapshot (the
 * undo half of multi-version concurrency control). Empty when no transaction is open; bounded by `bytesMax`, beyond
 * which the owner must end the oldest transaction.
 */
export class VersionLog {
  readonly #versions = new Map<number, Map<string, Version[]>>();
  #openSnapshots = 0;
  #number = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Opens a snapshot and returns its number. Call `release` once when it ends. */
  open(): number {
    this.#openSnapshots += 1;
    return this.#number;
  }

  release(): void {
    this.#openSnapshots -= 1;
    if (this.#openSnapshots > 0) return;
    this.#versions.clear();
    this.#bytes = 0;
  }

  /** Call for every document that is about to change; `before` is null for one that is new. */
  record(collection: Collection, key: Uint8Array, before: StoredDocument | null): void {
    if (this.#openSnapshots === 0) return;
    this.#number += 1;
    const name = keyName(key);
    const documents = this.#versions.get(collection.id) ?? new Map<string, Version[]>();
    const versions = documents.get(name) ?? [];
    versions.push({ number: this.#number, before });
    documents.set(name, versions);
    this.#versions.set(collection.id, documents);
    this.#bytes += name.length + (before?.document.length ?? 0) + 64;
  }

  /** The document as the snapshot must see it, or undefined if it has not changed since. */
  before(collection: Collection, key: Uint8Array, snapshot: number): StoredDocument | null | undefined {
    const versions = this.#versions.get(collection.id)?.get(keyName(key));
    return versions?.find((version) => version.number > snapshot)?.before;
  }

  /** Every document of the collection that changed since the snapshot, as the snapshot must see it. */
  *changedSince(collection: Collection, snapshot: number): Generator<[name: string, before: StoredDocument | null]> {
    for (const [name, versions] of this.#versions.get(collection.id) ?? []) {
      const version = versions.find((candidate) => candidate.number > snapshot);
      if (version !== undefined) yield [name, version.before];
    }
  }
}

/** A key as a name in a Map; order-preserving, as the key is. */
export function keyName(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
