/** Operations of unified tests on a database. */
import type { Document } from 'mongodb';
import { openCursor } from './cursor-operations.ts';
import type { OperationContext, OperationHandler } from './operation.ts';

function databaseOf({ entities, operation }: OperationContext) {
  return entities.database(operation.object);
}

export const DATABASE_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  aggregate: async (context, { pipeline, ...options }) => databaseOf(context).aggregate(pipeline, options).toArray(),
  createChangeStream: async (context, { pipeline, ...options }) =>
    openCursor(databaseOf(context).watch(pipeline, options)),
  createCollection: async (context, { collection, ...options }) => {
    await databaseOf(context).createCollection(collection, options);
  },
  dropCollection: async (context, { collection, ...options }) =>
    databaseOf(context).dropCollection(collection, options),
  dropDatabase: async (context, options) => databaseOf(context).dropDatabase(options),
  listCollections: async (context, { filter, ...options }) =>
    databaseOf(context).listCollections(filter, options).toArray(),
  listCollectionObjects: async (context, { filter, ...options }) =>
    databaseOf(context).listCollections(filter, options).toArray(),
  listCollectionNames: async (context, { filter, ...options }) => {
    const collections = await databaseOf(context)
      .listCollections(filter, { ...options, nameOnly: true })
      .toArray();
    return collections.map(({ name }) => name);
  },
  modifyCollection: async (context, { collection, session, timeoutMS, ...options }) =>
    databaseOf(context).command(
      { collMod: collection, ...options },
      { session, ...(timeoutMS === undefined ? {} : { timeoutMS }) },
    ),
  runCommand: async (context, { command, ...options }) =>
    databaseOf(context).command(command as Document, withoutName(options)),
  runCursorCommand: async (context, options) => runCursor(context, options).toArray(),
  createCommandCursor: async (context, options) => openCursor(runCursor(context, options)),
};

function withoutName({ commandName: _, ...options }: Document): Document {
  return options;
}

function runCursor(context: OperationContext, options: Document) {
  const { command, commandName: _, batchSize, maxTimeMS, comment, cursorType, timeoutMode, ...rest } = options;
  const cursor = databaseOf(context).runCursorCommand(command, {
    ...rest,
    ...(cursorType === undefined ? {} : { cursorType }),
    ...(timeoutMode === undefined ? {} : { timeoutMode }),
  });
  if (batchSize !== undefined) cursor.setBatchSize(batchSize);
  if (maxTimeMS !== undefined) cursor.setMaxTimeMS(maxTimeMS);
  if (comment !== undefined) cursor.setComment(comment);
  return cursor;
}
