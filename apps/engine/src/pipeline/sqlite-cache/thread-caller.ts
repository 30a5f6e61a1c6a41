/**
 * Calls one cache thread and returns promises. If the thread dies, pending calls reject with EMC-4003, and the next call starts a
 * new thread. The new thread has no open files, so every entity is opened again, as after any other error.
 */
import { Worker } from 'node:worker_threads';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { IndexFailure } from './cache-types.ts';
import type { StructureCheck } from './check-structure.ts';
import type { AnswerMessage, CallMessage, CheckOptions, IndexOptions, ThreadOptions } from './thread-protocol.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const threadFile = new URL('./cache-thread.ts', import.meta.url);

export class ThreadCaller {
  readonly #options: ThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #nextId = 1;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  call(message: Omit<CallMessage, 'id'>): Promise<unknown> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ ...message, id } satisfies CallMessage);
    });
  }

  /** Call it after the last reply. Resolves once the thread has ended. */
  async close(nowMs: number): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    await this.call({ nowMs, call: { name: 'close', argument: null } }).catch(() => undefined);
    await gone;
  }

  #start(): Worker {
    const worker = new Worker(threadFile, { workerData: this.#options, name: 'cache' });
    worker.on('message', (message: AnswerMessage) => this.#settle(message));
    const fail = (error: Error): void => {
      if (this.#worker === worker) this.#worker = null;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on('error', (error) => fail(threadGone(error)));
    worker.on('exit', () => fail(threadGone(undefined)));
    return worker;
  }

  #settle(message: AnswerMessage): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'value') waiting?.resolve(message.value);
    else waiting?.reject(new EmcachersError({ code: message.code, detail: message.detail }));
  }
}

function threadGone(cause: unknown): EmcachersError {
  const detail = `The cache thread ended${cause instanceof Error ? `: ${cause.message}` : '.'}`;
  return new EmcachersError({ code: 'EMC-4003', detail, cause });
}

/** Runs `checkStructure` in a separate thread, because it can take seconds. Rejects with EMC-4001 if the file is damaged. */
export async function checkInThread(check: StructureCheck): Promise<void> {
  await runInThread({ kind: 'check', ...check }, 'cache check');
}

/** Changes the indexes of a file in a separate thread, so that the other files of its thread do not wait. */
export async function changeIndexesInThread(change: Omit<IndexOptions, 'kind'>): Promise<readonly IndexFailure[]> {
  return (await runInThread({ kind: 'index', ...change }, 'cache indexes')) as readonly IndexFailure[];
}

function runInThread(workerData: CheckOptions | IndexOptions, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(threadFile, { workerData, name });
    worker.once('message', (message: AnswerMessage) => {
      if (message.kind === 'value') resolve(message.value);
      else reject(new EmcachersError({ code: message.code, detail: message.detail }));
    });
    worker.once('error', (error) => reject(threadGone(error)));
    worker.once('exit', () => reject(threadGone(undefined)));
  });
}
