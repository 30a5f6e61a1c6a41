import type { CompiledFilter } from '../query/filter.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import type { PageReader } from '../storage/document-access.ts';
import type { Batch, BatchRequest, DocumentSource } from './cursor-table.ts';

const pageRowsMax = 1000;
/** Documents that are filtered or projected between two looks at the clock. */
const stepRows = 64;
const pageBytesMax = 4 * 1024 * 1024;

export interface PageSourceOptions {
  readonly reader: PageReader;
  /** Null if every document of the scan matches. */
  readonly filter: CompiledFilter | null;
  readonly project: ((document: Uint8Array) => Uint8Array) | null;
  readonly skip: number;
  /** Null without a limit. */
  readonly limit: number | null;
}

/**
 * The documents of a scan, filtered and projected, batch by batch. Fields that no filter or projection touches are
 * copied as stored. A full batch does not check whether more documents follow, as in mongod.
 */
export class PageSource implements DocumentSource {
  readonly #options: PageSourceOptions;
  #page: readonly StoredDocument[] = [];
  #position = 0;
  #toSkip: number;
  #left: number;
  #isDone = false;

  constructor(options: PageSourceOptions) {
    this.#options = options;
    this.#toSkip = options.skip;
    this.#left = options.limit ?? Number.POSITIVE_INFINITY;
  }

  async next(request: BatchRequest): Promise<Batch> {
    const { turns } = request;
    const documents: Uint8Array[] = [];
    let bytes = 0;
    while (
      documents.length < request.documentsMax &&
      this.#left > 0 &&
      this.#hasPage(request.documentsMax - documents.length)
    ) {
      const taken = this.#take(request, documents, bytes);
      bytes += taken;
      if (taken < 0) break;
      if (turns.isOver) await turns.next();
    }
    return { documents, isExhausted: this.#isDone || this.#left === 0 };
  }

  close(): void {
    this.#page = [];
    this.#position = 0;
    this.#isDone = true;
  }

  #hasPage(wanted: number): boolean {
    return this.#position < this.#page.length || this.#load(wanted);
  }

  #load(wanted: number): boolean {
    const rows =
      this.#options.filter === null
        ? Math.min(wanted + this.#toSkip, this.#left + this.#toSkip, pageRowsMax)
        : pageRowsMax;
    const page = this.#isDone ? null : this.#options.reader.next({ rows, bytes: pageBytesMax });
    this.#page = page ?? [];
    this.#position = 0;
    this.#isDone = page === null;
    return page !== null;
  }

  /** Moves matching documents of one step of the page into the batch. Returns their size in bytes, or -1 if the batch is full. */
  #take(request: BatchRequest, documents: Uint8Array[], bytesBefore: number): number {
    const end = Math.min(this.#page.length, this.#position + stepRows);
    let bytes = 0;
    for (; this.#position < end && documents.length < request.documentsMax && this.#left > 0; this.#position += 1) {
      const stored = this.#page[this.#position];
      if (stored === undefined || !this.#isWanted(stored)) continue;
      const document = this.#shown(stored);
      if (documents.length > 0 && bytesBefore + bytes + document.length > request.bytesMax) return -1;
      documents.push(document);
      bytes += document.length;
      this.#left -= 1;
    }
    return bytes;
  }

  #isWanted({ document }: StoredDocument): boolean {
    const { filter } = this.#options;
    if (filter !== null && !filter.matches(document)) return false;
    if (this.#toSkip === 0) return true;
    this.#toSkip -= 1;
    return false;
  }

  #shown({ document }: StoredDocument): Uint8Array {
    const { project } = this.#options;
    return project === null ? document : project(document);
  }
}
