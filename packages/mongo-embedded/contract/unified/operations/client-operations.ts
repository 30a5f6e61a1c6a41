/** Operations of unified tests on a client. */
import type { AnyClientBulkWriteModel, Document } from 'mongodb';
import { MalformedTest } from '../malformed-test.ts';
import { openCursor } from './cursor-operations.ts';
import type { OperationContext, OperationHandler } from './operation.ts';

function clientOf({ entities, operation }: OperationContext) {
  return entities.client(operation.object);
}

export const CLIENT_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  createChangeStream: async (context, { pipeline, ...options }) =>
    openCursor(clientOf(context).watch(pipeline, options)),
  clientBulkWrite: async (context, { models, verboseResults, ...options }) =>
    clientOf(context).bulkWrite(models.map(toClientModel), {
      ...options,
      ...(verboseResults === undefined ? {} : { verboseResults }),
    }),
  listDatabases: async (context, options) => (await clientOf(context).db().admin().listDatabases(options)).databases,
  listDatabaseObjects: async (context, options) =>
    (await clientOf(context).db().admin().listDatabases(options)).databases,
  listDatabaseNames: async (context, options) =>
    (
      await clientOf(context)
        .db()
        .admin()
        .listDatabases({ ...options, nameOnly: true })
    ).databases.map(({ name }) => name),
  appendMetadata: (context, { driverInfoOptions }) => clientOf(context).appendMetadata(driverInfoOptions),
  close: async (context) => clientOf(context).close(),
};

const CLIENT_MODELS = ['insertOne', 'updateOne', 'updateMany', 'replaceOne', 'deleteOne', 'deleteMany'];

function toClientModel(model: Document): AnyClientBulkWriteModel<Document> {
  const [name = '', body] = Object.entries(model)[0] ?? [];
  if (!CLIENT_MODELS.includes(name)) throw new MalformedTest(`the runner does not know the bulk write model ${name}`);
  return { name, ...(body as Document) } as unknown as AnyClientBulkWriteModel<Document>;
}
