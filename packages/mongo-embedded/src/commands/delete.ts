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
  const raws = body.requiredDocuments('deletes');
  checkBatchSize(raws.length);
  const statements = await parseAll(context, raws);
  const isOrdered = body.boolean('ordered') ?? true;
  const batch = new DeleteBatch(context, name);
  for (const [index, statement] of statements.entries()) {
    const isDone = await batch.run(index, statement);
    if (!isDone && isOrdered) break;
    if (context.turns.isOver) await context.turns.next();
  }
  server.counters.operations.delete += statements.length;
  return batch.reply();
}

/** Runs the statements of one command in order and accumulates the reply. */
class DeleteBatch {
  readonly #context: CommandContext;
  readonly #name: string;
  readonly #ids: StatementIds;
  readonly #errors: WriteError[] = [];
  #deleted = 0;

  constructor(context: CommandContext, name: string) {
    this.#context = context;
    this.#name = name;
    this.#ids = new StatementIds(context);
  }

  /** Whether the statement succeeded. Inside a transaction a failure is thrown and ends the command. */
  async run(index: number, statement: Parsed): Promise<boolean> {
    try {
      const before = this.#ids.before(index);
      this.#deleted += before === null ? await this.#apply(index, statement) : countIn(before);
      return true;
    } catch (error) {
      if (this.#context.transaction !== null) throw error;
      this.#errors.push({ index, failure: toWriteFailure(error, this.#context) });
      return false;
    }
  }

  #apply(index: number, { statement, limit }: Parsed): Promise<number> {
    const deleted = (count: number): void => this.#ids.applied(index, resultOf(count));
    return deleteMatches(this.#context, this.#name, { statement, limit, deleted });
  }

  reply(): BsonWriter {
    return this.#ids.appendRetried(appendWriteErrors(new BsonWriter().int32('n', this.#deleted), this.#errors));
  }
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
  const limit = statement.requiredNumber('limit');
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
  const hint = readHint(context, statement, collection);
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
