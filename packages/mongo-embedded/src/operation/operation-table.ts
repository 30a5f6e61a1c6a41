import type { Clock } from '../clock.ts';
import { Operation, type OperationCall } from './operation.ts';

/** The last id before the ids start again: `killOp` takes 32 bits with a sign. */
const idMax = 0x7fff_ffff;

/** The commands in progress by their `opid`. */
export class OperationTable {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #operations = new Map<number, Operation>();
  #lastId = 0;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  begin(call: OperationCall): Operation {
    do this.#lastId = this.#lastId === idMax ? 1 : this.#lastId + 1;
    while (this.#operations.has(this.#lastId));
    const operation = new Operation(call, this.#lastId, this.#clock.monotonicMs());
    this.#operations.set(operation.id, operation);
    return operation;
  }

  end(operation: Operation): void {
    operation.end();
    this.#operations.delete(operation.id);
  }

  /** In the order in which they began. */
  list(): Operation[] {
    return [...this.#operations.values()];
  }

  /** Does nothing if no operation has that id. */
  kill(id: number): void {
    this.#operations.get(id)?.kill();
  }
}
