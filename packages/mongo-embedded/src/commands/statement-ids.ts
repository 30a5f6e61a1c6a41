import type { BsonWriter } from '../bson/bson-writer.ts';
import { numberOf } from '../bson/command-body.ts';
import type { CommandContext } from './command.ts';

/** The statements of a retryable write that were applied before, so that the reply can name them. */
export class StatementIds {
  readonly #context: CommandContext;
  readonly #ids: readonly number[] | null;
  readonly #first: number;
  readonly #retried: number[] = [];

  constructor(context: CommandContext) {
    this.#context = context;
    this.#ids = context.body.array('stmtIds')?.map((element) => numberOf(element) ?? 0) ?? null;
    this.#first = context.body.number('stmtId') ?? 0;
  }

  /** The raw result of the statement at that place in the command if it was applied before, else null. */
  before(index: number): Buffer | null {
    const id = this.#idOf(index);
    const result = this.#context.retryableWrite?.find(id) ?? null;
    if (result !== null) this.#retried.push(id);
    return result;
  }

  /** Keeps the result of the statement. Call in the same turn as the write. */
  applied(index: number, result: Buffer | null): void {
    this.#context.retryableWrite?.record(this.#idOf(index), result);
  }

  appendRetried(writer: BsonWriter): BsonWriter {
    if (this.#retried.length === 0) return writer;
    writer.beginArray('retriedStmtIds');
    this.#retried.forEach((id, index) => {
      writer.int32(String(index), id);
    });
    return writer.end();
  }

  #idOf(index: number): number {
    return this.#ids?.[index] ?? this.#first + index;
  }
}
