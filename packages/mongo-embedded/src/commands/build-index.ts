import { MongoFailure } from '../error/mongo-failure.ts';
import type { Collection } from '../storage/catalog.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import { duplicateKey } from '../storage/duplicate-key.ts';
import type { IndexTable } from '../storage/index-table.ts';
import { readTablePages } from '../storage/table-pages.ts';
import type { CommandContext } from './command.ts';

/** Documents that are indexed between two looks at the clock. */
const pageLimit = { rows: 100, bytes: 1024 * 1024 };

/**
 * Builds a new index over the documents that the collection has. The build takes several turns and commits: writers
 * maintain the index from its creation on, reads use it only once it is complete, and a restart drops an incomplete one.
 * Throws DuplicateKey 11000, CannotIndexParallelArrays 171, and IndexBuildAborted 276 if the index or its collection is
 * dropped meanwhile.
 */
export async function buildIndex(
  context: CommandContext,
  collection: Collection,
  specification: Buffer,
): Promise<void> {
  const { store } = context.server;
  store.group.enter();
  const { name } = store.catalog.createIndex(collection, specification, { isReady: false });
  try {
    await fill(context, collection, name);
  } catch (error) {
    abandon(context, collection, name);
    throw error;
  }
  store.group.enter();
  store.catalog.completeIndex(indexOf(context, collection, name));
}

async function fill(context: CommandContext, collection: Collection, name: string): Promise<void> {
  const { turns, server } = context;
  let index = indexOf(context, collection, name);
  const pages = readTablePages(collection, { keys: null, range: null, isDescending: false });
  for (let page = pages.next(pageLimit); page !== null; page = pages.next(pageLimit)) {
    server.store.group.enter();
    for (const stored of page) addDocument(collection, index, stored);
    if (!turns.isOver) continue;
    await turns.next();
    index = indexOf(context, collection, name);
  }
}

function addDocument(collection: Collection, index: IndexTable, { row, document }: StoredDocument): void {
  const keys = index.keysOf(document);
  const isTaken = index.isUnique && keys.some((key) => (index.find(key) ?? row) !== row);
  if (isTaken) throw duplicateKey(collection, index, document);
  index.insert(keys, row);
}

/** The index that is being built, as the catalog has it now. */
function indexOf(
  { server }: CommandContext,
  { database, name: collection, uuid }: Collection,
  name: string,
): IndexTable {
  const current = server.store.catalog.find(database, collection);
  const index = current?.uuid.equals(uuid) === true ? current.indexes.find((each) => each.name === name) : undefined;
  if (index !== undefined && !index.state.isReady) return index;
  throw new MongoFailure('IndexBuildAborted', `Index build failed: the index ${name} or its collection was dropped`);
}

function abandon(context: CommandContext, { database, name: collection }: Collection, name: string): void {
  const { catalog, group } = context.server.store;
  const current = catalog.find(database, collection);
  const index = current?.indexes.find((each) => each.name === name && !each.state.isReady);
  if (current === undefined || index === undefined) return;
  group.enter();
  catalog.dropIndex(current, index);
}
