import { MongoFailure } from '../error/mongo-failure.ts';
import type { CompiledSort } from '../query/sort.ts';
import { sortSteps } from '../query/sort-steps.ts';
import type { Documents } from '../query/stages/stage.ts';
import type { Turns } from '../turns.ts';
import type { Batch, BatchRequest, DocumentSource } from './cursor-table.ts';
import { IteratorSource } from './iterator-source.ts';

/** Documents that a sort may hold, in bytes. mongod spills to disk beyond 100 MB; here a larger sort fails. */
const sortBytesMax = 512 * 1024 * 1024;

export interface SortedSourceOptions {
  readonly source: DocumentSource;
  readonly sort: CompiledSort;
  readonly skip: number;
  readonly limit: number | null;
  readonly project: ((document: Uint8Array) => Uint8Array) | null;
}

interface Sorted {
  readonly key: Buffer;
  readonly document: Uint8Array;
}

/**
 * Reads another source completely on the first batch, sorts it, and returns it. With a limit it holds at most twice
 * that many documents.
 */
export class SortedSource implements DocumentSource {
  readonly #options: SortedSourceOptions;
  #sorted: IteratorSource | null = null;
  /** Bytes of the documents that are held. */
  #bytes = 0;

  constructor(options: SortedSourceOptions) {
    this.#options = options;
  }

  async next(request: BatchRequest): Promise<Batch> {
    this.#sorted ??= await this.#readAll(request);
    return this.#sorted.next(request);
  }

  close(): void {
    this.#options.source.close();
    this.#sorted?.close();
  }

  async #readAll(request: BatchRequest): Promise<IteratorSource> {
    const { source, sort, skip, limit } = this.#options;
    const { turns } = request;
    const kept = limit === null ? Number.POSITIVE_INFINITY : skip + limit;
    let held: Sorted[] = [];
    for (let isExhausted = false; !isExhausted; ) {
      const batch = await source.next({ ...request, documentsMax: 1000 });
      for (const document of batch.documents) held.push({ key: sort.keyOf(document), document });
      this.#bytes += bytesOf(batch.documents);
      if (turns.isOver) await turns.next();
      if (held.length >= kept * 2 + 1000) held = await this.#firstOf(held, kept, turns);
      this.#checkSize();
      ({ isExhausted } = batch);
    }
    const documents = (await sorted(held, turns)).slice(skip, kept);
    return new IteratorSource(this.#projected(documents));
  }

  async #firstOf(held: readonly Sorted[], kept: number, turns: Turns): Promise<Sorted[]> {
    const first = (await sorted(held, turns)).slice(0, kept);
    this.#bytes = bytesOf(first.map(({ document }) => document));
    return first;
  }

  #checkSize(): void {
    if (this.#bytes <= sortBytesMax) return;
    throw new MongoFailure(292, 'Executor error during find command: Sort exceeded memory limit');
  }

  *#projected(documents: readonly Sorted[]): Documents {
    const { project } = this.#options;
    for (const { document } of documents) yield project === null ? document : project(document);
  }
}

function bytesOf(documents: readonly Uint8Array[]): number {
  return documents.reduce((sum, { length }) => sum + length, 0);
}

async function sorted(held: readonly Sorted[], turns: Turns): Promise<Sorted[]> {
  const steps = sortSteps(held, byKey);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (turns.isOver) await turns.next();
  }
}

function byKey(a: Sorted, b: Sorted): number {
  return a.key.compare(b.key);
}
