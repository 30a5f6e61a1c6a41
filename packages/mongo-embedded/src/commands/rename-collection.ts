import { bsonTypes } from '@emcachers/bson/bson-types';
import { BsonWriter } from '../bson/bson-writer.ts';
import type { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Collection } from '../storage/catalog.ts';
import { copyToDatabase, renameCollection } from '../storage/rename.ts';
import { refuseView } from './collection-documents.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { checkWritableName } from './namespace.ts';
import { waitForTransactions } from './wait-for-transactions.ts';

interface Name {
  readonly database: string;
  readonly name: string;
}

function parse(text: string): Name {
  const dot = text.indexOf('.');
  if (dot <= 0) throw new MongoFailure('InvalidNamespace', `Invalid namespace specified '${text}'`);
  return { database: text.slice(0, dot), name: text.slice(dot + 1) };
}

/** `dropTarget` is a flag, or the UUID of the collection to drop. */
function dropsTarget(body: CommandBody): boolean {
  return body.element('dropTarget')?.type === bsonTypes.binary || body.boolean('dropTarget') === true;
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, server } = context;
  const source = parse(body.requiredString('renameCollection'));
  const target = parse(body.requiredString('to'));
  checkWritableName(source.database, source.name);
  checkWritableName(target.database, target.name);
  const { catalog } = server.store;
  const find = ({ database, name }: Name): Collection | undefined => catalog.find(database, name);
  await waitForTransactions(context, () => find(source));
  await waitForTransactions(context, () => find(target));
  const collection = find(source);
  if (collection === undefined)
    throw new MongoFailure('NamespaceNotFound', `Source collection ${source.database}.${source.name} does not exist`);
  if (source.database === target.database && source.name === target.name) {
    throw new MongoFailure('IllegalOperation', "Can't rename a collection to itself");
  }
  refuseView({ ...context, database: source.database }, source.name);
  const replaced = find(target);
  if (replaced !== undefined && !dropsTarget(body))
    throw new MongoFailure('NamespaceExists', 'target namespace exists');
  for (const { database, name } of [source, target]) {
    server.cursors.killWhere((cursor) => cursor.namespace === `${database}.${name}` && !cursor.isChangeStream);
  }
  const isWithinDatabase = source.database === target.database;
  if (isWithinDatabase) renameCollection(server.store, { collection, target, replaced });
  else await server.store.group.whole(copyToDatabase(server, { collection, target, replaced }));
  return new BsonWriter();
}

/** `renameCollection`. */
export const renameCollectionCommand: Command = { names: ['renameCollection'], isAdminOnly: true, isWrite: true, run };
