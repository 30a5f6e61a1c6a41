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
    let bytes = 0;
    for (;;) {
      const batch = await source.next({ ...request, documentsMax: 1000 });
      for (const document of batch.documents) {
        held.push({ key: sort.keyOf(document), document });
        bytes += document.length;
        if (turns.isOver) await turns.next();
      }
      if (held.length >= kept * 2 + 1000) {
        held = (await sorted(held, turns)).slice(0, kept);
        bytes = held.reduce((sum, { document }) => sum + document.length, 0);
      }
      if (bytes > sortBytesMax) {
        throw new MongoFailure(292, 'Executor error during find command: Sort exceeded memory limit');
      }
      if (batch.isExhausted) break;
    }
    const documents = (await sorted(held, turns)).slice(skip, limit === null ? undefined : skip + limit);
    return new IteratorSource(this.#projected(documents));
  }

  *#projected(documents: readonly Sorted[]): Documents {
    const { project } = this.#options;
    for (const { document } of documents) yield project === null ? document : project(document);
  }
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
