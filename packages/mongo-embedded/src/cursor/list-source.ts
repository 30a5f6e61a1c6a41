import type { Batch, BatchRequest, DocumentSource } from './cursor-table.ts';

/** A source whose documents are all known up front: lists of collections and indexes, sorted results. */
export class ListSource implements DocumentSource {
  #documents: readonly Uint8Array[];
  #position = 0;

  constructor(documents: readonly Uint8Array[]) {
    this.#documents = documents;
  }

  next(request: BatchRequest): Batch {
    const batch: Uint8Array[] = [];
    let bytes = 0;
    while (batch.length < request.documentsMax) {
      const document = this.#documents[this.#position];
      if (document === undefined || (batch.length > 0 && bytes + document.length > request.bytesMax)) break;
      batch.push(document);
      bytes += document.length;
      this.#position += 1;
    }
    return { documents: batch, isExhausted: this.#position >= this.#documents.length };
  }

  close(): void {
    this.#documents = [];
  }
}
