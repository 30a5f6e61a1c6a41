import { MongoFailure } from '../error/mongo-failure.ts';
import { type LinkedSignal, linkSignals } from '../linked-signal.ts';
import type { ClientConnection } from '../wire/client-connection.ts';
import type { Request } from '../wire/message.ts';

export interface OperationCall {
  readonly request: Request;
  readonly connection: ClientConnection;
  /** Aborts when the client disconnects or the server stops. */
  readonly gone: AbortSignal;
}

/** The error of an operation that `killOp` has ended. */
export function interrupted(): MongoFailure {
  return new MongoFailure('Interrupted', 'operation was interrupted');
}

/**
 * One command in progress. Whoever works on it in several turns calls `check` in each of them; whoever waits uses `signal`
 * and calls `check` afterwards. A killed command that does neither completes, as in mongod.
 */
export class Operation {
  readonly id: number;
  readonly request: Request;
  readonly connection: ClientConnection;
  /** `clock.monotonicMs()` at its start. */
  readonly startedMs: number;
  readonly #gone: AbortSignal;
  /** Made on the first use: few operations wait, and a signal costs as much as reading a small command. */
  #stop: LinkedSignal | null = null;
  #isKilled = false;

  constructor({ request, connection, gone }: OperationCall, id: number, startedMs: number) {
    this.id = id;
    this.request = request;
    this.connection = connection;
    this.startedMs = startedMs;
    this.#gone = gone;
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Aborts when the operation is killed, the client disconnects or the server stops. */
  get signal(): AbortSignal {
    if (this.#stop === null) {
      this.#stop = linkSignals([this.#gone]);
      if (this.#isKilled) this.#stop.abort();
    }
    return this.#stop.signal;
  }

  /** Throws Interrupted 11601 or ClientDisconnect 279 if the operation must not go on. */
  check(): void {
    if (this.#isKilled) throw interrupted();
    if (this.#gone.aborted)
      throw new MongoFailure('ClientDisconnect', 'operation was interrupted because a client disconnected');
  }

  kill(): void {
    this.#isKilled = true;
    this.#stop?.abort();
  }

  end(): void {
    this.#stop?.[Symbol.dispose]();
  }
}
