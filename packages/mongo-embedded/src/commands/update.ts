import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { RawValue } from '../query/raw-value.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { checkFields } from './generic-fields.ts';
import { checkBatchSize, toWriteFailure } from './insert.ts';
import { checkWritableName, collectionName } from './namespace.ts';
import { parseStatement, runUpdate } from './update-statement.ts';
import { appendWriteErrors, type WriteError } from './write-items.ts';

const statementFields: ReadonlySet<string> = new Set([
  'q',
  'u',
  'c',
  'multi',
  'upsert',
  'collation',
  'arrayFilters',
  'hint',
  'sort',
  'upsertSupplied',
  'sampleId',
  'allowShardKeyUpdatesWithoutFullShardKeyInQuery',
]);

interface Upserted {
  readonly index: number;
  readonly id: RawValue;
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database, server } = context;
  const name = collectionName(body, database);
  checkWritableName(database, name);
  const statements = body.documents('updates');
  if (statements === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field 'update.updates' is missing but a required field");
  checkBatchSize(statements.length);
  const isOrdered = body.boolean('ordered') ?? true;
  const errors: WriteError[] = [];
  const upserted: Upserted[] = [];
  let matched = 0;
  let modified = 0;
  for (const [index, raw] of statements.entries()) {
    try {
      const outcome = await runUpdate(context, name, { statement: parseStatement(context, checked(raw), name) });
      matched += outcome.matched;
      modified += outcome.modified;
      if (outcome.upsertedId !== null) upserted.push({ index, id: outcome.upsertedId });
    } catch (error) {
      if (context.transaction !== null) throw error;
      errors.push({ index, failure: toWriteFailure(error, context) });
      if (isOrdered) break;
    }
  }
  server.counters.operations.update += statements.length;
  const writer = new BsonWriter().int32('n', matched + upserted.length);
  if (upserted.length > 0) appendUpserted(writer, upserted);
  return appendWriteErrors(writer.int32('nModified', modified), errors);
}

function checked(raw: Uint8Array): CommandBody {
  const statement = new CommandBody(Buffer.from(raw));
  checkFields(statement, statementFields, 'update.updates');
  return statement;
}

function appendUpserted(writer: BsonWriter, upserted: readonly Upserted[]): void {
  writer.beginArray('upserted');
  upserted.forEach(({ index, id }, position) => {
    writer.beginDocument(String(position)).int32('index', index).value('_id', id.type, id.span()).end();
  });
  writer.end();
}

/** `update`. */
export const updateCommand: Command = {
  names: ['update'],
  fields: [
    'update',
    'updates',
    'ordered',
    'let',
    'bypassDocumentValidation',
    'collectionUUID',
    'stmtId',
    'stmtIds',
    'isTimeseriesNamespace',
    'encryptionInformation',
  ],
  isTransactional: true,
  isRetryableWrite: true,
  isWrite: true,
  run,
};
