import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'bson';
import { createSystemClock } from '../clock.ts';
import { orderKey } from '../query/order-key.ts';
import { idOf } from '../query/raw-document.ts';
import { DirectAccess } from '../storage/direct-access.ts';
import { LockTable } from '../storage/lock-table.ts';
import { openStore, type Store } from '../storage/store.ts';

/** A store of a test's own, in memory or in a folder that goes with it. */
export interface ScratchStore extends Disposable {
  readonly store: Store;
  readonly locks: LockTable;
  readonly access: DirectAccess;
  /** Closes the file and opens it again, as a restart does. */
  reopen(): Store;
}

export function scratchFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'mongo-embedded-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function scratchStore(
  options: { readonly path?: string; readonly historyBytesMax?: number } = {},
): ScratchStore {
  const open = (): Store =>
    openStore({
      path: options.path ?? null,
      historyBytesMax: options.historyBytesMax ?? 2 ** 30,
      clock: createSystemClock(),
    });
  let store = open();
  const locks = new LockTable();
  return {
    get store() {
      return store;
    },
    locks,
    get access() {
      return new DirectAccess(store, locks);
    },
    reopen() {
      store.close();
      store = open();
      return store;
    },
    [Symbol.dispose]: () => store.close(),
  };
}

/** A document as the store takes it. */
export function stored(document: Readonly<Record<string, unknown>>): { key: Buffer; bytes: Buffer } {
  const bytes = Buffer.from(serialize(document));
  const id = idOf(bytes);
  if (id === undefined) throw new Error('The document has no _id');
  return { key: orderKey(id), bytes };
}
