import { type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { checkFields } from './generic-fields.ts';
import { checkBatchSize, toWriteFailure } from './insert.ts';
import { writtenCollection } from './named-collection.ts';
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
  const { body, server } = context;
  const name = writtenCollection(context);
  const statements = body.requiredDocuments('updates');
  checkBatchSize(statements.length);
  const parsed = await checkedStatements(context, statements);
  const isOrdered = body.boolean('ordered') ?? true;
  const batch = new UpdateBatch(context, name);
  for (const [index, statement] of parsed.entries()) {
    const isDone = await batch.run(index, statement);
    if (!isDone && isOrdered) break;
    if (context.turns.isOver) await context.turns.next();
  }
  server.counters.operations.update += statements.length;
  return batch.reply();
}

/** Runs the statements of one command in order and accumulates the reply. */
class UpdateBatch {
  readonly #context: CommandContext;
  readonly #name: string;
  readonly #ids: StatementIds;
  readonly #errors: WriteError[] = [];
  readonly #upserted: Upserted[] = [];
  #matched = 0;
  #modified = 0;

  constructor(context: CommandContext, name: string) {
    this.#context = context;
    this.#name = name;
    this.#ids = new StatementIds(context);
  }

  /** Whether the statement succeeded. Inside a transaction a failure is thrown and ends the command. */
  async run(index: number, statement: CommandBody): Promise<boolean> {
    try {
      const before = this.#ids.before(index);
      this.#add(index, before === null ? await this.#apply(index, statement) : fromResult(before));
      return true;
    } catch (error) {
      if (this.#context.transaction !== null) throw error;
      this.#errors.push({ index, failure: toWriteFailure(error, this.#context) });
      return false;
    }
  }

  #apply(index: number, body: CommandBody): Promise<UpdateCounts> {
    const statement = parseStatement(this.#context, body, this.#name);
    const record = (outcome: UpdateCounts): void => this.#ids.applied(index, toResult(outcome));
    return runUpdate(this.#context, this.#name, { statement, record });
  }

  #add(index: number, { matched, modified, upsertedId }: UpdateCounts): void {
    this.#matched += matched;
    this.#modified += modified;
    if (upsertedId !== null) this.#upserted.push({ index, id: upsertedId });
  }

  reply(): BsonWriter {
    const writer = new BsonWriter().int32('n', this.#matched + this.#upserted.length);
    if (this.#upserted.length > 0) appendUpserted(writer, this.#upserted);
    return this.#ids.appendRetried(appendWriteErrors(writer.int32('nModified', this.#modified), this.#errors));
  }
}

/** The result to store, so that a retry gets the same reply. */
function toResult({ matched, modified, upsertedId }: UpdateCounts): Buffer {
  const writer = new BsonWriter().int32('matched', matched).int32('modified', modified);
  if (upsertedId !== null) writer.value('upsertedId', upsertedId.type, upsertedId.span());
  return writer.finish();
}

function fromResult(result: Buffer): UpdateCounts {
  const body = new CommandBody(result);
  const id = body.rawElement('upsertedId');
  const upsertedId = id === undefined ? null : rawValue(id.type, id.bytes);
  return { matched: body.number('matched') ?? 0, modified: body.number('modified') ?? 0, upsertedId };
}

/** Validates all statements before any of them runs. */
async function checkedStatements({ turns }: CommandContext, raws: readonly Uint8Array[]): Promise<CommandBody[]> {
  const statements: CommandBody[] = [];
  for (const raw of raws) {
    statements.push(checked(raw));
    if (turns.isOver) await turns.next();
  }
  return statements;
}

function checked(raw: Uint8Array): CommandBody {
  const statement = new CommandBody(asBuffer(raw), new Map(), 'update.updates');
  checkFields(statement, statementFields, 'update.updates');
  statement.requiredDocument('q');
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
  isTransactional: true,
  isRetryableWrite: true,
  isWrite: true,
  run,
};
