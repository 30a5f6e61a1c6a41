import { type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { ListSource } from '../cursor/list-source.ts';
import { openCursor } from '../cursor/open-cursor.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { refuseView } from './collection-documents.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { deleteMatches } from './delete.ts';
import { checkCommandCollation } from './find-options.ts';
import { checkFields } from './generic-fields.ts';
import { readHint } from './hint.ts';
import { checkBatchSize, Inserter, toWriteFailure } from './insert.ts';
import { checkWritableName } from './namespace.ts';
import { StatementIds } from './statement-ids.ts';
import { compileStatement, hinted, runUpdate, type UpdateOutcome } from './update-statement.ts';

const fieldsOf: Readonly<Record<string, ReadonlySet<string>>> = {
  insert: new Set(['insert', 'document']),
  update: new Set([
    'update',
    'filter',
    'updateMods',
    'multi',
    'upsert',
    'arrayFilters',
    'hint',
    'sort',
    'collation',
    'constants',
    'upsertSupplied',
  ]),
  delete: new Set(['delete', 'filter', 'multi', 'hint', 'collation']),
};

interface Namespace {
  readonly database: string;
  readonly name: string;
}

/** What one operation did. */
interface Done {
  readonly kind: 'insert' | 'update' | 'delete';
  readonly n: number;
  readonly modified: number;
  readonly upsertedId: RawValue | null;
}

/** `nsInfo`: the collections that the operations refer to by number. */
function namespacesOf(body: CommandBody): Namespace[] {
  return (body.documents('nsInfo') ?? []).map((raw) => {
    const ns = new CommandBody(asBuffer(raw)).requiredString('ns');
    const dot = ns.indexOf('.');
    if (dot <= 0) throw new MongoFailure('InvalidNamespace', `Invalid namespace specified '${ns}'`);
    const namespace = { database: ns.slice(0, dot), name: ns.slice(dot + 1) };
    checkWritableName(namespace.database, namespace.name);
    return namespace;
  });
}

interface Operation {
  readonly kind: Done['kind'];
  readonly body: CommandBody;
  readonly namespace: Namespace;
}

function parse(context: CommandContext, raw: Uint8Array, namespaces: readonly Namespace[]): Operation {
  const body = new CommandBody(asBuffer(raw), new Map(), 'bulkWrite.ops');
  const { name } = body;
  if (name !== 'insert' && name !== 'update' && name !== 'delete') {
    throw new MongoFailure('IDLUnknownField', `BSON field 'bulkWrite.ops.${name}' is an unknown field.`);
  }
  checkFields(body, fieldsOf[name] ?? new Set(), `bulkWrite.ops.${name}`);
  const namespace = namespaces[body.number(name) ?? -1];
  if (namespace === undefined) throw new MongoFailure('BadValue', `BulkWrite ops entry has an invalid nsInfo index.`);
  if (name !== 'insert' && body.boolean('multi') === true && context.retryableWrite !== null) {
    throw new MongoFailure('InvalidOptions', 'Cannot use retryable writes with multi=true');
  }
  return { kind: name, body, namespace };
}

/** Validates all operations before any of them runs. */
async function parseAll(
  context: CommandContext,
  raws: readonly Uint8Array[],
  namespaces: readonly Namespace[],
): Promise<Operation[]> {
  const operations: Operation[] = [];
  for (const raw of raws) {
    operations.push(parse(context, raw, namespaces));
    if (context.turns.isOver) await context.turns.next();
  }
  return operations;
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { body } = context;
  const raws = body.documents('ops') ?? [];
  checkBatchSize(raws.length);
  const namespaces = namespacesOf(body);
  for (const { database, name } of namespaces) refuseView({ ...context, database }, name);
  const operations = await parseAll(context, raws, namespaces);
  const isOrdered = body.boolean('ordered') ?? true;
  const results = new Results(body.boolean('errorsOnly') === true);
  const runner = new Runner(context);
  await runner.runAll(operations, isOrdered, results);
  const batchSize = body.nested('cursor')?.count('batchSize') ?? Number.POSITIVE_INFINITY;
  const writer = await openCursor(context, {
    namespace: 'admin.$cmd.bulkWrite',
    source: new ListSource(results.items),
    batchSize,
  });
  return runner.ids.appendRetried(results.appendTotals(writer));
}

/** Accumulates the reply: one item for each operation, and the totals. */
class Results {
  readonly items: Buffer[] = [];
  readonly #isErrorsOnly: boolean;
  #inserted = 0;
  #matched = 0;
  #modified = 0;
  #upserted = 0;
  #deleted = 0;
  #errors = 0;

  /** With `isErrorsOnly` there are no items for the operations that succeeded. */
  constructor(isErrorsOnly: boolean) {
    this.#isErrorsOnly = isErrorsOnly;
  }

  addFailure(index: number, failure: MongoFailure): void {
    this.#errors += 1;
    this.items.push(describeFailure(index, failure));
  }

  add(index: number, done: Done): void {
    this.#count(done);
    if (!this.#isErrorsOnly) this.items.push(describe(index, done));
  }

  #count({ kind, n, modified, upsertedId }: Done): void {
    if (kind === 'insert') this.#inserted += n;
    else if (kind === 'delete') this.#deleted += n;
    else if (upsertedId === null) this.#matched += n;
    else this.#upserted += 1;
    this.#modified += modified;
  }

  appendTotals(writer: BsonWriter): BsonWriter {
    return writer
      .int32('nErrors', this.#errors)
      .int32('nInserted', this.#inserted)
      .int32('nMatched', this.#matched)
      .int32('nModified', this.#modified)
      .int32('nUpserted', this.#upserted)
      .int32('nDeleted', this.#deleted);
  }
}

/** Runs the operations in order. Consecutive inserts into one collection share a time, as in `insert`. */
class Runner {
  readonly ids: StatementIds;
  readonly #context: CommandContext;
  #inserter: { readonly namespace: Namespace; readonly inserter: Inserter } | null = null;

  constructor(context: CommandContext) {
    this.#context = context;
    this.ids = new StatementIds(context);
  }

  /** An ordered command ends with the first operation that fails. */
  async runAll(operations: readonly Operation[], isOrdered: boolean, results: Results): Promise<void> {
    for (const [index, operation] of operations.entries()) {
      const isDone = await this.#attempt(operation, index, results);
      if (!isDone && isOrdered) return;
      if (this.#context.turns.isOver) await this.#nextTurn();
    }
  }

  /** Whether the operation succeeded. Inside a transaction a failure is thrown and ends the command. */
  async #attempt(operation: Operation, index: number, results: Results): Promise<boolean> {
    try {
      results.add(index, await this.#run(operation, index));
      return true;
    } catch (error) {
      if (this.#context.transaction !== null) throw error;
      results.addFailure(index, toWriteFailure(error, this.#context));
      return false;
    }
  }

  async #run(operation: Operation, index: number): Promise<Done> {
    const before = this.ids.before(index);
    if (before !== null) return fromResult(operation.kind, before);
    if (operation.kind === 'insert') return this.#insert(operation, index);
    this.#inserter = null;
    return operation.kind === 'update' ? this.#update(operation, index) : this.#delete(operation, index);
  }

  async #nextTurn(): Promise<void> {
    await this.#context.turns.next();
    this.#inserter?.inserter.startGroup();
  }

  async #insert({ body, namespace }: Operation, index: number): Promise<Done> {
    const document = body.requiredDocument('document');
    if (this.#inserter?.namespace !== namespace) {
      this.#inserter = { namespace, inserter: new Inserter(this.#within(namespace), namespace.name) };
    }
    const outcome = this.#inserter.inserter.insert(document);
    const failure = outcome instanceof Promise ? await outcome : outcome;
    if (failure !== null) throw failure;
    const done: Done = { kind: 'insert', n: 1, modified: 0, upsertedId: null };
    this.ids.applied(index, toResult(done));
    return done;
  }

  async #update({ body, namespace }: Operation, index: number): Promise<Done> {
    const context = this.#within(namespace);
    checkCommandCollation(body);
    const hint = readHint(context, body, context.access.collection(namespace.database, namespace.name));
    const compiled = compileStatement(context, {
      filter: body.requiredDocument('filter'),
      update: body.element('updateMods'),
      constants: body.document('constants'),
      arrayFilters: body.documents('arrayFilters'),
      sort: body.document('sort'),
      isMulti: body.boolean('multi') === true,
      isUpsert: body.boolean('upsert') === true,
    });
    const statement = hinted(compiled, hint);
    const toDone = ({ matched, modified, upsertedId }: UpdateOutcome): Done => {
      return { kind: 'update', n: matched + (upsertedId === null ? 0 : 1), modified, upsertedId };
    };
    const record = (outcome: UpdateOutcome): void => this.ids.applied(index, toResult(toDone(outcome)));
    return toDone(await runUpdate(context, namespace.name, { statement, record }));
  }

  async #delete({ body, namespace }: Operation, index: number): Promise<Done> {
    const writer = new BsonWriter().document('q', body.requiredDocument('filter'));
    for (const name of ['hint', 'collation'] as const) {
      const element = body.element(name);
      if (element !== undefined) writer.value(name, element.type, element.bytes);
    }
    const statement = new CommandBody(writer.finish(), new Map(), 'bulkWrite.ops');
    const toDone = (n: number): Done => ({ kind: 'delete', n, modified: 0, upsertedId: null });
    const n = await deleteMatches(this.#within(namespace), namespace.name, {
      statement,
      limit: body.boolean('multi') === true ? 0 : 1,
      deleted: (count) => this.ids.applied(index, toResult(toDone(count))),
    });
    return toDone(n);
  }

  #within({ database }: Namespace): CommandContext {
    return { ...this.#context, database };
  }
}

function toResult({ n, modified, upsertedId }: Done): Buffer {
  const writer = new BsonWriter(64).int32('n', n).int32('modified', modified);
  if (upsertedId !== null) writer.value('upsertedId', upsertedId.type, upsertedId.span());
  return writer.finish();
}

function fromResult(kind: Done['kind'], result: Buffer): Done {
  const body = new CommandBody(result);
  const id = body.rawElement('upsertedId');
  const upsertedId = id === undefined ? null : rawValue(id.type, id.bytes);
  return { kind, n: body.number('n') ?? 0, modified: body.number('modified') ?? 0, upsertedId };
}

function describe(index: number, { kind, n, modified, upsertedId }: Done): Buffer {
  const writer = new BsonWriter(96).double('ok', 1).int32('idx', index).int32('n', n);
  if (kind === 'update') writer.int32('nModified', modified);
  if (upsertedId !== null) writer.beginDocument('upserted').value('_id', upsertedId.type, upsertedId.span()).end();
  return writer.finish();
}

function describeFailure(index: number, failure: MongoFailure): Buffer {
  const writer = new BsonWriter().double('ok', 0).int32('idx', index).int32('code', failure.code);
  return failure.appendDetails(writer).string('errmsg', failure.message).int32('n', 0).finish();
}

/** `bulkWrite`: inserts, updates and deletes in several collections, one result for each. */
export const bulkWriteCommand: Command = {
  names: ['bulkWrite'],
  isAdminOnly: true,
  isTransactional: true,
  isRetryableWrite: true,
  isWrite: true,
  run,
};
