import { MongoFailure } from '../error/mongo-failure.ts';
import { dropCollection, dropDatabase } from '../storage/schema-change.ts';
import { checkCollectionUuid } from './collection-uuid.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { collectionName } from './namespace.ts';
import { waitForTransactions } from './wait-for-transactions.ts';

async function runDrop(context: CommandContext): Promise<CommandResult> {
  const { body, database, server } = context;
  const name = collectionName(body, database);
  const { catalog } = server.store;
  await waitForTransactions(context, () => catalog.find(database, name));
  const collection = catalog.find(database, name);
  checkCollectionUuid(context, name);
  // Since 7.0 dropping a missing collection succeeds. Source: manual, drop.
  if (collection === undefined) return {};
  server.cursors.killWhere((cursor) => cursor.namespace === `${database}.${name}` && !cursor.isChangeStream);
  const nIndexesWas = collection.indexes.length + 1;
  dropCollection(server.store, collection);
  return { nIndexesWas, ns: `${database}.${name}` };
}

async function runDropDatabase(context: CommandContext): Promise<CommandResult> {
  const { database, server } = context;
  if (['admin', 'config', 'local'].includes(database)) {
    throw new MongoFailure('IllegalOperation', `Dropping the '${database}' database is prohibited.`);
  }
  for (const { name } of server.store.catalog.collections(database)) {
    await waitForTransactions(context, () => server.store.catalog.find(database, name));
  }
  if (server.store.catalog.collections(database).length === 0) return {};
  server.cursors.killWhere((cursor) => cursor.namespace.startsWith(`${database}.`) && !cursor.isChangeStream);
  dropDatabase(server.store, database);
  return { dropped: database };
}

/** `drop`. */
export const dropCommand: Command = { names: ['drop'], isWrite: true, run: runDrop };

/** `dropDatabase`. */
export const dropDatabaseCommand: Command = { names: ['dropDatabase'], isWrite: true, run: runDropDatabase };
