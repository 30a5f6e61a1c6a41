import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { checkCommandCollation, filterOf, hintedOrder, variablesOf } from './find-options.ts';
import { checkFields } from './generic-fields.ts';
import { checkBatchSize, toWriteFailure } from './insert.ts';
import { forEachMatch } from './matches.ts';
import { checkWritableName, collectionName } from './namespace.ts';
import { appendWriteErrors, type WriteError } from './write-items.ts';

const statementFields: ReadonlySet<string> = new Set(['q', 'limit', 'hint', 'collation']);

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database, server } = context;
  const name = collectionName(body, database);
  checkWritableName(database, name);
  const statements = body.documents('deletes');
  if (statements === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field 'delete.deletes' is missing but a required field");
  checkBatchSize(statements.length);
  const isOrdered = body.boolean('ordered') ?? true;
  const errors: WriteError[] = [];
  let deleted = 0;
  for (const [index, statement] of statements.entries()) {
    try {
      deleted += await deleteMatches(context, name, new CommandBody(Buffer.from(statement)));
    } catch (error) {
      if (context.transaction !== null) throw error;
      errors.push({ index, failure: toWriteFailure(error, context) });
      if (isOrdered) break;
    }
  }
  server.counters.operations.delete += statements.length;
  return appendWriteErrors(new BsonWriter().int32('n', deleted), errors);
}

/** Runs one `{ q, limit }`. Answers how many documents went. */
export async function deleteMatches(context: CommandContext, name: string, statement: CommandBody): Promise<number> {
  const { access, database } = context;
  checkFields(statement, statementFields, 'delete.deletes');
  const limit = statement.number('limit');
  if (limit === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field 'delete.deletes.limit' is missing but a required field");
  if (limit !== 0 && limit !== 1) {
    throw new MongoFailure('FailedToParse', `The limit field in delete objects must be 0 or 1. Got ${limit}`);
  }
  if (limit === 0 && context.txnNumber !== null && context.transaction === null) {
    throw new MongoFailure('InvalidOptions', 'Cannot use (or request) retryable writes with limit=0');
  }
  checkCommandCollation(statement);
  const filter = filterOf(statement.document('q'), variablesOf(context));
  const collection = access.collection(database, name);
  hintedOrder(statement, collection);
  if (collection === undefined) return 0;
  let deleted = 0;
  await forEachMatch(context, { collection, filter, isSingle: limit === 1, sort: null }, (stored) => {
    access.remove(collection, stored);
    deleted += 1;
  });
  return deleted;
}

/** `delete`. */
export const deleteCommand: Command = {
  names: ['delete'],
  fields: [
    'delete',
    'deletes',
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
