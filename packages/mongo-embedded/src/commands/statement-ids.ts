import type { BsonWriter } from '../bson/bson-writer.ts';
import { numberOf } from '../bson/element-value.ts';
import type { RawElement } from '../bson/raw-element.ts';
import { wrongType } from '../bson/typed-element.ts';
import type { CommandContext } from './command.ts';

/** Tracks which statements of a retryable write were already applied, so that the reply can list them. */
export class StatementIds {
  readonly #context: CommandContext;
  readonly #ids: readonly number[] | null;
  readonly #first: number;
  readonly #retried: number[] = [];

  constructor(context: CommandContext) {
    this.#context = context;
    this.#ids = context.body.array('stmtIds')?.map((element) => statementId(element)) ?? null;
    this.#first = context.body.int32('stmtId') ?? 0;
  }

  /** The stored result of the statement at `index` if it was already applied, else null. */
  before(index: number): Buffer | null {
    const id = this.#idOf(index);
    const result = this.#context.retryableWrite?.find(id) ?? null;
    if (result !== null) this.#retried.push(id);
    return result;
  }

  /** Stores the statement's result. Call synchronously with the write. */
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

function statementId(element: RawElement): number {
  const id = numberOf(element);
  if (id === undefined || id !== (id | 0)) throw wrongType(element, 'stmtIds', 'int');
  return id;
}
