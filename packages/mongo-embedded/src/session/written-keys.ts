import type { Collection } from '../storage/catalog.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import type { IndexTable } from '../storage/index-table.ts';

/** The documents that a transaction has written, by the name of their key; null for a removed one. */
type Written = ReadonlyMap<string, StoredDocument | null>;

/**
 * Which keys of unique indexes the documents of one transaction have: the tables know them only after the commit. Each
 * index is listed when it is first asked for, and kept up to date from then on.
 */
export class WrittenKeys {
  readonly #writtenTo: (collection: Collection) => Written;
  /** By index: the document that has each key. */
  readonly #owners = new Map<string, Map<string, string>>();

  constructor(writtenTo: (collection: Collection) => Written) {
    this.#writtenTo = writtenTo;
  }

  /** Whether another written document than `name` has one of the keys. */
  isTaken(
    collection: Collection,
    index: IndexTable,
    { keys, name }: { readonly keys: readonly Buffer[]; readonly name: string },
  ): boolean {
    const owners = this.#ownersIn(collection, index);
    return keys.some((key) => (owners.get(key.toString('latin1')) ?? name) !== name);
  }

  /** Call before the written document `name` changes. */
  change(
    collection: Collection,
    name: string,
    { before, after }: { readonly before: Uint8Array | undefined; readonly after: Uint8Array | undefined },
  ): void {
    for (const index of collection.indexes) {
      const owners = this.#owners.get(idOf(collection, index));
      if (owners === undefined) continue;
      for (const key of keysOf(index, before)) owners.delete(key);
      for (const key of keysOf(index, after)) owners.set(key, name);
    }
  }

  #ownersIn(collection: Collection, index: IndexTable): Map<string, string> {
    const id = idOf(collection, index);
    const known = this.#owners.get(id);
    if (known !== undefined) return known;
    const owners = new Map<string, string>();
    for (const [name, stored] of this.#writtenTo(collection)) {
      for (const key of keysOf(index, stored?.document)) owners.set(key, name);
    }
    this.#owners.set(id, owners);
    return owners;
  }
}

/** The names of the document's keys in the index; none without a document. */
function keysOf(index: IndexTable, document: Uint8Array | undefined): string[] {
  return document === undefined ? [] : index.keysOf(document).map((key) => key.toString('latin1'));
}

function idOf({ id }: Collection, { name }: IndexTable): string {
  return `${id}/${name}`;
}
