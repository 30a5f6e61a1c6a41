import { bsonTypes } from '@emcachers/bson/bson-types';
import { BsonWriter } from '../bson/bson-writer.ts';
import { numberOf } from '../bson/element-value.ts';
import { findElement, forEachElement, type RawElement } from '../bson/raw-element.ts';
import { stringIn } from '../bson/typed-element.ts';
import { ListSource } from '../cursor/list-source.ts';
import { openCursor } from '../cursor/open-cursor.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Collection } from '../storage/catalog.ts';
import type { IndexTable } from '../storage/index-table.ts';
import { idIndexSpecification } from '../storage/schema-change.ts';
import { checkCollectionUuid } from './collection-uuid.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { collectionName } from './namespace.ts';
import { waitForTransactions } from './wait-for-transactions.ts';

function existing(context: CommandContext): Collection {
  const name = collectionName(context.body, context.database);
  checkCollectionUuid(context, name);
  const collection = context.access.collection(context.database, name);
  if (collection === undefined)
    throw new MongoFailure('NamespaceNotFound', `ns does not exist: ${context.database}.${name}`);
  return collection;
}

/** The `_id` index as `listIndexes` shows it: clustered if the collection is clustered, absent for a view. */
function idIndexOf({ options }: Collection): Buffer[] {
  const clustered = findElement(options, 'clusteredIndex');
  if (clustered === undefined) return [idIndexSpecification];
  const name = findElement(clustered.bytes, 'name');
  const shown = name === undefined ? '_id_' : text(name);
  const writer = new BsonWriter().int32('v', 2).beginDocument('key').int32('_id', 1).end();
  return [writer.string('name', shown).boolean('unique', true).boolean('clustered', true).finish()];
}

async function runList(context: CommandContext): Promise<CommandResult> {
  const collection = existing(context);
  const documents = [
    ...idIndexOf(collection),
    ...collection.indexes.filter(({ state }) => state.isReady).map((index) => index.specification),
  ];
  const namespace = `${collection.database}.${collection.name}`;
  const batchSize = context.body.nested('cursor')?.count('batchSize');
  return openCursor(context, { namespace, source: new ListSource(documents), batchSize });
}

function text(element: RawElement): string {
  return element.bytes.toString('utf8', 4, element.bytes.length - 1);
}

function samePattern(a: Uint8Array, b: Uint8Array): boolean {
  const shown = (pattern: Uint8Array): string => {
    const parts: string[] = [];
    forEachElement(pattern, (path, element) => {
      parts.push(`${path}:${numberOf(element) ?? text(element)}`);
      return undefined;
    });
    return parts.join();
  };
  return shown(a) === shown(b);
}

/** The indexes that `index` selects: a name, a list of names, `*`, or a key pattern. */
function chosen(collection: Collection, wanted: RawElement): IndexTable[] {
  if (wanted.type === bsonTypes.array) {
    const indexes: IndexTable[] = [];
    forEachElement(wanted.bytes, (_, element) => {
      indexes.push(...chosenByName(collection, stringIn(element, 'dropIndexes.index')));
      return undefined;
    });
    return indexes;
  }
  if (wanted.type === bsonTypes.string)
    return text(wanted) === '*' ? [...collection.indexes] : chosenByName(collection, text(wanted));
  if (wanted.type !== bsonTypes.object)
    throw new MongoFailure('TypeMismatch', "BSON field 'dropIndexes.index' is the wrong type");
  if (samePattern(wanted.bytes, findElement(idIndexSpecification, 'key')?.bytes ?? wanted.bytes)) throw idIndexStays();
  const index = collection.indexes.find(({ keyPattern }) => samePattern(keyPattern, wanted.bytes));
  if (index === undefined) throw new MongoFailure('IndexNotFound', "can't find index with key");
  return [index];
}

function chosenByName(collection: Collection, name: string): IndexTable[] {
  if (name === '_id_') throw idIndexStays();
  const index = collection.indexes.find((candidate) => candidate.name === name);
  if (index === undefined) throw new MongoFailure('IndexNotFound', `index not found with name [${name}]`);
  return [index];
}

function idIndexStays(): MongoFailure {
  return new MongoFailure('InvalidOptions', 'cannot drop _id index');
}

async function runDrop(context: CommandContext): Promise<CommandResult> {
  const waiting = existing(context);
  const wanted = context.body.element('index');
  if (wanted === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field 'dropIndexes.index' is missing but a required field");
  await waitForTransactions(context, () => context.access.collection(waiting.database, waiting.name));
  const collection = existing(context);
  const { store } = context.server;
  const nIndexesWas = collection.indexes.length + 1;
  const indexes = chosen(collection, wanted);
  store.group.enter();
  for (const index of indexes) {
    store.catalog.dropIndex(collection, index);
    const operationDescription = new BsonWriter().documents('indexes', [index.specification]).finish();
    store.history.append(collection.namespace, { kind: 'dropIndexes', operationDescription }, store.history.stamp());
  }
  const isAll = wanted.type === bsonTypes.string && text(wanted) === '*';
  return { nIndexesWas, ...(isAll ? { msg: 'non-_id indexes dropped for collection' } : {}) };
}

/** `listIndexes`. */
export const listIndexesCommand: Command = { names: ['listIndexes'], run: runList };

/** `dropIndexes`, and its old name. */
export const dropIndexesCommand: Command = { names: ['dropIndexes', 'deleteIndexes'], isWrite: true, run: runDrop };
