import { type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { refuseView } from './collection-documents.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { checkFields } from './generic-fields.ts';
import { checkBatchSize, toWriteFailure } from './insert.ts';
import { checkWritableName, collectionName } from './namespace.ts';
import { StatementIds } from './statement-ids.ts';
import { parseStatement, runUpdate, type UpdateCounts } from './update-statement.ts';
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
  refuseView(context, name);
  const statements = body.documents('updates');
  if (statements === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field 'update.updates' is missing but a required field");
  checkBatchSize(statements.length);
  const isOrdered = body.boolean('ordered') ?? true;
  const errors: WriteError[] = [];
  const upserted: Upserted[] = [];
  const ids = new StatementIds(context);
  let matched = 0;
  let modified = 0;
  for (const [index, raw] of statements.entries()) {
    try {
      const before = ids.before(index);
      const statement = before === null ? parseStatement(context, checked(raw), name) : null;
      const record = (outcome: UpdateCounts): void => ids.applied(index, toResult(outcome));
      const outcome = statement === null ? fromResult(before) : await runUpdate(context, name, { statement, record });
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
  return ids.appendRetried(appendWriteErrors(writer.int32('nModified', modified), errors));
}

/** What a retry needs to answer the same again. */
function toResult({ matched, modified, upsertedId }: UpdateCounts): Buffer {
  const writer = new BsonWriter().int32('matched', matched).int32('modified', modified);
  if (upsertedId !== null) writer.value('upsertedId', upsertedId.type, upsertedId.span());
  return writer.finish();
}

function fromResult(result: Buffer | null): UpdateCounts {
  const body = new CommandBody(result ?? new BsonWriter().finish());
  const id = body.rawElement('upsertedId');
  const upsertedId = id === undefined ? null : rawValue(id.type, id.bytes);
  return { matched: body.number('matched') ?? 0, modified: body.number('modified') ?? 0, upsertedId };
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
