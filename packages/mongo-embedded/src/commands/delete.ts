import { asBuffer } from '@emcachers/bson/read-bytes';
import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { checkCommandCollation, filterOf, variablesOf } from './find-options.ts';
import { checkFields } from './generic-fields.ts';
import { readHint, restricted } from './hint.ts';
import { checkBatchSize, toWriteFailure } from './insert.ts';
import { forEachMatch } from './matches.ts';
import { writtenCollection } from './named-collection.ts';
import { StatementIds } from './statement-ids.ts';
import { appendWriteErrors, type WriteError } from './write-items.ts';

const statementFields: ReadonlySet<string> = new Set(['q', 'limit', 'hint', 'collation']);

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, server } = context;
  const name = writtenCollection(context);
  const raws = body.documents('deletes');
  if (raws === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field 'delete.deletes' is missing but a required field");
  checkBatchSize(raws.length);
  const statements = await parseAll(context, raws);
  const isOrdered = body.boolean('ordered') ?? true;
  const errors: WriteError[] = [];
  let deleted = 0;
  const ids = new StatementIds(context);
  for (const [index, { limit, statement }] of statements.entries()) {
    try {
      const before = ids.before(index);
      deleted +=
        before === null
          ? await deleteMatches(context, name, { statement, limit, deleted: (n) => ids.applied(index, resultOf(n)) })
          : countIn(before);
    } catch (error) {
      if (context.transaction !== null) throw error;
      errors.push({ index, failure: toWriteFailure(error, context) });
      if (isOrdered) break;
    }
    if (context.turns.isOver) await context.turns.next();
  }
  server.counters.operations.delete += statements.length;
  return ids.appendRetried(appendWriteErrors(new BsonWriter().int32('n', deleted), errors));
}

function resultOf(n: number): Buffer {
  return new BsonWriter().int32('n', n).finish();
}

function countIn(result: Buffer): number {
  return new CommandBody(result).number('n') ?? 0;
}

interface Parsed {
  readonly statement: CommandBody;
  readonly limit: 0 | 1;
}

/** Validates all statements before any of them runs. */
async function parseAll(context: CommandContext, raws: readonly Uint8Array[]): Promise<Parsed[]> {
  const statements: Parsed[] = [];
  for (const raw of raws) {
    statements.push(parse(context, new CommandBody(asBuffer(raw), new Map(), 'delete.deletes')));
    if (context.turns.isOver) await context.turns.next();
  }
  return statements;
}

function parse(context: CommandContext, statement: CommandBody): Parsed {
  checkFields(statement, statementFields, 'delete.deletes');
  statement.requiredDocument('q');
  const limit = statement.number('limit');
  if (limit === undefined) {
    throw new MongoFailure('IDLFailedToParse', "BSON field 'delete.deletes.limit' is missing but a required field");
  }
  if (limit !== 0 && limit !== 1) {
    throw new MongoFailure('FailedToParse', `The limit field in delete objects must be 0 or 1. Got ${limit}`);
  }
  if (limit === 0 && context.retryableWrite !== null) {
    throw new MongoFailure('InvalidOptions', 'Cannot use (or request) retryable writes with limit=0');
  }
  return { statement, limit };
}

export interface DeleteStatement extends Parsed {
  /** Called synchronously with each delete, with the number of documents that this statement has deleted so far. */
  readonly deleted?: (count: number) => void;
}

/** Runs one `{ q, limit }`. Returns the number of deleted documents. */
export async function deleteMatches(context: CommandContext, name: string, wanted: DeleteStatement): Promise<number> {
  const { access, database } = context;
  const { statement, limit } = wanted;
  checkCommandCollation(statement);
  const collection = access.collection(database, name);
  const hint = readHint(statement, collection);
  const filter = restricted(filterOf(statement.requiredDocument('q'), variablesOf(context)), hint);
  if (collection === undefined) return 0;
  let deleted = 0;
  await forEachMatch(context, { collection, filter, isSingle: limit === 1, sort: hint.order }, (stored, current) => {
    access.remove(current, stored);
    deleted += 1;
    wanted.deleted?.(deleted);
  });
  return deleted;
}

/** `delete`. */
export const deleteCommand: Command = {
  names: ['delete'],
  isTransactional: true,
  isRetryableWrite: true,
  isWrite: true,
  run,
};
