import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure, toMongoFailure } from '../error/mongo-failure.ts';
import type { Stamp } from '../history/history-log.ts';
import { compareClusterTime } from '../session/cluster-clock.ts';
import type { Collection } from '../storage/catalog.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { writtenCollection } from './named-collection.ts';
import { retryWhenUnlocked } from './retry-when-unlocked.ts';
import { StatementIds } from './statement-ids.ts';
import { storedForm } from './stored-form.ts';
import { appendWriteErrors, type WriteError } from './write-items.ts';

/** Maximum documents or statements in one write command; reported by `hello`. */
export const writeBatchMax = 100_000;

/**
 * mongod logs the documents of one insert command in groups, each as one oplog entry, so the change events of a group
 * share a clusterTime. Source: `internalInsertMaxBatchSize` of mongod 8.0.
 */
const insertGroupMax = 500;

/** Throws InvalidLength 16 if a write command has no statements or too many. */
export function checkBatchSize(count: number): void {
  if (count >= 1 && count <= writeBatchMax) return;
  throw new MongoFailure(
    'InvalidLength',
    `Write batch sizes must be between 1 and ${writeBatchMax}. Got ${count} operations.`,
  );
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, server } = context;
  const name = writtenCollection(context);
  const documents = body.requiredDocuments('documents');
  checkBatchSize(documents.length);
  const batch = new InsertBatch(context, name);
  for (const [index, document] of documents.entries()) {
    const isDone = await batch.insert(index, document);
    if (!isDone && body.boolean('ordered') !== false) break;
    if (context.turns.isOver) await batch.nextTurn();
  }
  server.counters.operations.insert += documents.length;
  return batch.reply();
}

/** Inserts the documents of one command in order and accumulates the reply. */
class InsertBatch {
  readonly #context: CommandContext;
  readonly #inserter: Inserter;
  readonly #statements: StatementIds;
  readonly #errors: WriteError[] = [];
  #retried = 0;

  constructor(context: CommandContext, name: string) {
    this.#context = context;
    this.#inserter = new Inserter(context, name);
    this.#statements = new StatementIds(context);
  }

  /** Whether the document is stored. Inside a transaction a failure is thrown and ends the command. */
  async insert(index: number, document: Uint8Array): Promise<boolean> {
    if (this.#statements.before(index) !== null) {
      this.#retried += 1;
      return true;
    }
    const outcome = this.#inserter.insert(document);
    const failure = outcome instanceof Promise ? await outcome : outcome;
    if (failure === null) {
      this.#statements.applied(index, null);
      return true;
    }
    if (this.#context.transaction !== null) throw failure;
    this.#errors.push({ index, failure });
    return false;
  }

  async nextTurn(): Promise<void> {
    await this.#context.turns.next();
    this.#inserter.startGroup();
  }

  reply(): BsonWriter {
    const writer = new BsonWriter().int32('n', this.#inserter.inserted + this.#retried);
    return this.#statements.appendRetried(appendWriteErrors(writer, this.#errors));
  }
}

/** Inserts documents into one collection, one at a time; the documents of a group share a time. */
export class Inserter {
  readonly #context: CommandContext;
  readonly #name: string;
  #collection: Collection | null = null;
  #stamp: Stamp | null = null;
  #inGroup = 0;
  inserted = 0;

  constructor(context: CommandContext, name: string) {
    this.#context = context;
    this.#name = name;
  }

  /** Looks the collection up again and takes a new time: other clients may have had their turn. */
  startGroup(): void {
    this.#collection = null;
    this.#stamp = null;
  }

  /** Returns null, or the error of a document that was not inserted. Throws any error that is not MongoDB's own. */
  insert(document: Uint8Array): MongoFailure | null | Promise<MongoFailure | null> {
    try {
      this.#insertNow(document);
      return null;
    } catch (error) {
      return this.#recover(error, document);
    }
  }

  #insertNow(document: Uint8Array): void {
    const { access, database, server } = this.#context;
    const form = storedForm(document, () => server.store.clusterClock.tick());
    this.#collection ??= access.collectionForWrite(database, this.#name);
    if (this.#stamp === null || this.#inGroup === insertGroupMax || !this.#isNewest(this.#stamp)) {
      this.#stamp = access.stamp();
      this.#inGroup = 0;
    }
    access.insert(this.#collection, form, this.#stamp);
    this.#inGroup += 1;
    this.inserted += 1;
  }

  /** Whether no other write has happened since the group began: history times must not go backwards. */
  #isNewest({ time }: Stamp): boolean {
    return compareClusterTime(time, this.#context.server.store.clusterClock.current) === 0;
  }

  async #recover(error: unknown, document: Uint8Array): Promise<MongoFailure | null> {
    try {
      await retryWhenUnlocked(this.#context, error, () => {
        this.startGroup();
        this.#insertNow(document);
      });
      return null;
    } catch (failure) {
      return toWriteFailure(failure, this.#context);
    }
  }
}

const endsCommand: ReadonlySet<string> = new Set([
  'MaxTimeMSExpired',
  'ClientDisconnect',
  'Interrupted',
  'InterruptedDueToReplStateChange',
]);

/**
 * Returns the error of one statement for `writeErrors`. An interruption fails the whole command, as in mongod's
 * write_ops_exec.cpp. Any error that is not MongoDB's own rolls back the commit group.
 */
export function toWriteFailure(error: unknown, context: CommandContext): MongoFailure {
  const isOwn =
    error instanceof MongoFailure || (error instanceof Error && 'code' in error && typeof error.code === 'number');
  if (isOwn) {
    const failure = toMongoFailure(error);
    if (endsCommand.has(failure.codeName)) throw failure;
    return failure;
  }
  context.server.store.group.fail(error);
  throw error;
}

/** `insert`. */
export const insertCommand: Command = {
  names: ['insert'],
  isTransactional: true,
  isRetryableWrite: true,
  isWrite: true,
  run,
};
