/** Operations of unified tests on a collection. */
import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { MalformedTest } from '../malformed-test.ts';
import { OutOfScope } from '../out-of-scope.ts';
import { openCursor } from './cursor-operations.ts';
import type { OperationContext, OperationHandler } from './operation.ts';

function collectionOf({ entities, operation }: OperationContext) {
  return entities.collection(operation.object);
}

/** The driver's methods for search indexes take no options. */
function searchCollectionOf(context: OperationContext, { timeoutMS }: Document) {
  if (timeoutMS !== undefined) throw new OutOfScope('timeoutMS of search indexes: the driver has no such option');
  return collectionOf(context);
}

const READS: Readonly<Record<string, OperationHandler>> = {
  mapReduce: () => {
    throw new OutOfScope('mapReduce: the driver no longer has it');
  },
  aggregate: async (context, { pipeline, ...options }) => collectionOf(context).aggregate(pipeline, options).toArray(),
  countDocuments: async (context, { filter, ...options }) => collectionOf(context).countDocuments(filter, options),
  count: async (context, { filter, ...options }) => collectionOf(context).count(filter, options),
  estimatedDocumentCount: async (context, options) => collectionOf(context).estimatedDocumentCount(options),
  distinct: async (context, { fieldName, filter, ...options }) =>
    collectionOf(context).distinct(fieldName, filter, options),
  find: async (context, { filter, ...options }) => collectionOf(context).find(filter, options).toArray(),
  findOne: async (context, { filter, ...options }) => collectionOf(context).findOne(filter, options),
  createFindCursor: async (context, { filter, ...options }) => openCursor(collectionOf(context).find(filter, options)),
  createChangeStream: async (context, { pipeline, ...options }) =>
    openCursor(collectionOf(context).watch(pipeline, options)),
};

const WRITES: Readonly<Record<string, OperationHandler>> = {
  bulkWrite: async (context, { requests, ...options }) =>
    collectionOf(context).bulkWrite(requests as AnyBulkWriteOperation[], options),
  insertOne: async (context, { document, ...options }) => collectionOf(context).insertOne({ ...document }, options),
  insertMany: async (context, { documents, ...options }) =>
    collectionOf(context).insertMany(
      documents.map((document: Document) => ({ ...document })),
      options,
    ),
  updateOne: async (context, { filter, update, ...options }) =>
    collectionOf(context).updateOne(filter, update, options),
  updateMany: async (context, { filter, update, ...options }) =>
    collectionOf(context).updateMany(filter, update, options),
  replaceOne: async (context, { filter, replacement, ...options }) =>
    collectionOf(context).replaceOne(filter, replacement, options),
  deleteOne: async (context, { filter, ...options }) => collectionOf(context).deleteOne(filter, options),
  deleteMany: async (context, { filter, ...options }) => collectionOf(context).deleteMany(filter, options),
  findOneAndDelete: async (context, { filter, ...options }) => collectionOf(context).findOneAndDelete(filter, options),
  findOneAndReplace: async (context, { filter, replacement, ...options }) =>
    collectionOf(context).findOneAndReplace(filter, replacement, withReturnDocument(options)),
  findOneAndUpdate: async (context, { filter, update, ...options }) =>
    collectionOf(context).findOneAndUpdate(filter, update, withReturnDocument(options)),
};

const ADMINISTRATION: Readonly<Record<string, OperationHandler>> = {
  createIndex: async (context, { keys, ...options }) => collectionOf(context).createIndex(keys, options),
  dropIndex: async (context, { name, ...options }) => collectionOf(context).dropIndex(name, options),
  dropIndexes: async (context, options) => collectionOf(context).dropIndexes(options),
  listIndexes: async (context, options) => collectionOf(context).listIndexes(options).toArray(),
  listIndexNames: async (context, options) =>
    (await collectionOf(context).listIndexes(options).toArray()).map(({ name }) => name),
  drop: async (context, options) => collectionOf(context).drop(options),
  rename: async (context, { to, ...options }) => {
    await collectionOf(context).rename(to, options);
  },
  createSearchIndex: async (context, { model, ...options }) =>
    searchCollectionOf(context, options).createSearchIndex(model),
  createSearchIndexes: async (context, { models, ...options }) =>
    searchCollectionOf(context, options).createSearchIndexes(models),
  dropSearchIndex: async (context, { name, ...options }) => searchCollectionOf(context, options).dropSearchIndex(name),
  updateSearchIndex: async (context, { name, definition, ...options }) =>
    searchCollectionOf(context, options).updateSearchIndex(name, definition),
  listSearchIndexes: async (context, { name, aggregationOptions, ...options }) =>
    collectionOf(context)
      .listSearchIndexes(name, { ...aggregationOptions, ...options })
      .toArray(),
};

export const COLLECTION_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  ...READS,
  ...WRITES,
  ...ADMINISTRATION,
};

function withReturnDocument({ returnDocument, ...options }: Document): Document {
  if (returnDocument === undefined) return options;
  const value = String(returnDocument).toLowerCase();
  if (value !== 'before' && value !== 'after')
    throw new MalformedTest(`returnDocument is Before or After, not ${returnDocument}`);
  return { ...options, returnDocument: value };
}
