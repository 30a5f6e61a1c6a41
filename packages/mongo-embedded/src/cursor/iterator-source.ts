import { MongoFailure } from '../error/mongo-failure.ts';
import { documentBytesMax, documentBytesSlack } from '../server-state.ts';
import type { Batch, BatchRequest, DocumentSource } from './cursor-table.ts';

/** Documents pulled between two checks of the clock. */
const checkEvery = 256;

/** The results of a pipeline, pulled on demand. Throws BSONObjectTooLarge 10334 for a result beyond 16 MB. */
export class IteratorSource implements DocumentSource {
  readonly #iterator: Iterator<Uint8Array>;
  /** Pulled, but too large for the previous batch. */
  #pending: Uint8Array | null = null;

  constructor(documents: Iterable<Uint8Array>) {
    this.#iterator = documents[Symbol.iterator]();
  }

  next(request: BatchRequest): Batch {
    const documents: Uint8Array[] = [];
    let bytes = 0;
    while (documents.length < request.documentsMax) {
      if (documents.length % checkEvery === 0) request.checkTime();
      const document = this.#pull();
      if (document === null) return { documents, isExhausted: true };
      if (documents.length > 0 && bytes + document.length > request.bytesMax) {
        this.#pending = document;
        break;
      }
      documents.push(document);
      bytes += document.length;
    }
    return { documents, isExhausted: false };
  }

  close(): void {
    this.#pending = null;
    this.#iterator.return?.();
  }

  #pull(): Uint8Array | null {
    const pending = this.#pending;
    this.#pending = null;
    if (pending !== null) return pending;
    const result = this.#iterator.next();
    if (result.done === true) return null;
    if (result.value.length > documentBytesMax + documentBytesSlack) {
      throw new MongoFailure(
        'BSONObjectTooLarge',
        `BSONObj size: ${result.value.length} is invalid. Size must be between 0 and ${documentBytesMax + documentBytesSlack}`,
      );
    }
    return result.value;
  }
}
