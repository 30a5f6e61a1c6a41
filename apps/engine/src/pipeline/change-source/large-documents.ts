/**
 * Projects large documents in a thread, so that one of them does not hold up the engine's event loop: the leader's lease, its
 * health checks and other entities. The caller waits for the row before it converts the next change, so the order is kept (I6).
 * The thread starts with the first large document. Worst case: a document that ends the thread, for example because memory is
 * short; it becomes a dead letter, and the next one starts another thread (I10).
 */
import { Worker } from 'node:worker_threads';
import { DocumentError, RefusedValueError } from '@emcachers/core/document/document-error';
import type { ColumnCounts, ProjectedRow, ProjectionOptions } from '@emcachers/core/document/projection';
import type { ChangeEvent } from './change-source-types.ts';
import type { ProjectionAnswer, ProjectionCall } from './projection-protocol.ts';
import { convertPage, type PageOptions, type Route, type Routes, type ScanConversion } from './to-operation.ts';

export interface LargeDocumentOptions extends Required<ProjectionOptions> {
  /** Documents with more bytes are projected in the thread. */
  readonly largeDocumentBytes: number;
}

/** About 30 ms of projection in the worst case: every character of the document escaped twice. */
export const largeDocumentBytesDefault: number = 256 * 1024;

const threadFile = new URL('./projection-thread.ts', import.meta.url);

export class LargeDocuments implements AsyncDisposable {
  readonly #options: LargeDocumentOptions;
  #thread: Worker | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: LargeDocumentOptions) {
    this.#options = options;
  }

  /** Null if the change needs no preparation; else resolves when it can be converted. Never rejects. */
  prepare(event: ChangeEvent, routes: Routes): Promise<void> | null {
    if (event.kind !== 'document' || event.document === null || !this.#isLarge(event.document)) return null;
    return this.#project(event.document, routes.of(event.namespace));
  }

  /** As `convertPage`, but a large document is projected in the thread and is the only one of its conversion. */
  async convertPage(documents: readonly Uint8Array[], route: Route, options: PageOptions): Promise<ScanConversion> {
    const large = documents.findIndex((document) => this.#isLarge(document));
    const [first] = documents;
    if (large !== 0 || first === undefined)
      return convertPage(large < 0 ? documents : documents.slice(0, large), route, options);
    await this.#project(first, [route]);
    return convertPage([first], route, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#thread?.terminate();
  }

  #isLarge(document: Uint8Array): boolean {
    return document.length > this.#options.largeDocumentBytes;
  }

  async #project(document: Uint8Array, routes: readonly Route[]): Promise<void> {
    for (const route of routes) {
      const { rowBytesMax, maskKey } = this.#options;
      const answer = await this.#call({ shape: route.shape, options: { rowBytesMax, maskKey }, document });
      route.prepared.set(document, new PreparedRow(answer));
    }
  }

  /** Calls wait for each other, so that no more than one large row is being made. */
  #call(call: ProjectionCall): Promise<ProjectionAnswer> {
    const answer = this.#last.then(() => this.#ask(call));
    this.#last = answer;
    return answer;
  }

  #ask(call: ProjectionCall): Promise<ProjectionAnswer> {
    this.#thread ??= new Worker(threadFile, { name: 'projection' });
    const thread = this.#thread;
    return new Promise((resolve) => {
      const end = (answer: ProjectionAnswer): void => {
        thread.off('message', end).off('error', fail).off('exit', fail);
        resolve(answer);
      };
      const fail = (error: unknown): void => {
        this.#thread = null;
        const why = error instanceof Error ? error.message : 'it was stopped';
        end({ kind: 'refused', code: 'EMC-6001', detail: `The projection thread ended: ${why}.` });
      };
      thread.on('message', end).on('error', fail).on('exit', fail);
      // A copy: the document shares its memory with the reply that it came in, which would be copied as a whole.
      const copy = Uint8Array.from(call.document);
      thread.postMessage({ ...call, document: copy } satisfies ProjectionCall, [copy.buffer]);
    });
  }
}

/** What the thread answered, in the place of the projection that is asked for it. */
class PreparedRow {
  readonly #answer: ProjectionAnswer;

  constructor(answer: ProjectionAnswer) {
    this.#answer = answer;
  }

  project(_document: Uint8Array, counts?: ColumnCounts): ProjectedRow | null {
    const answer = this.#answer;
    if (answer.kind === 'refused-value') throw new RefusedValueError(answer.detail, answer.code, answer.columnName);
    if (answer.kind === 'refused') throw new DocumentError(answer.detail, undefined, answer.code);
    if (answer.kind === 'outside') {
      if (counts !== undefined) counts.outside += 1;
      return null;
    }
    if (counts !== undefined) add(counts, answer.counts);
    return { data: answer.data, coercionErrors: answer.counts.refused.reduce((sum, count) => sum + count, 0) };
  }
}

function add(to: ColumnCounts, from: ColumnCounts): void {
  for (const [column, count] of from.met.entries()) to.met[column] = (to.met[column] ?? 0) + count;
  for (const [column, count] of from.refused.entries()) to.refused[column] = (to.refused[column] ?? 0) + count;
}
