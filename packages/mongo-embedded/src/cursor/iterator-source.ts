import { MongoFailure } from '../error/mongo-failure.ts';
import type { Documents } from '../query/stages/stage.ts';
import { documentBytesMax, documentBytesSlack } from '../server-state.ts';
import type { Batch, BatchRequest, DocumentSource } from './cursor-table.ts';

/** The documents of a batch so far. */
interface Held {
  readonly documents: Uint8Array[];
  bytes: number;
}

/** The results of a pipeline, pulled on demand. Throws BSONObjectTooLarge 10334 for a result beyond 16 MB. */
export class IteratorSource implements DocumentSource {
  readonly #iterator: Iterator<Uint8Array | null>;
  /** Pulled, but too large for the previous batch. */
  #pending: Uint8Array | null = null;

  constructor(documents: Documents) {
    this.#iterator = documents[Symbol.iterator]();
  }

  async next(request: BatchRequest): Promise<Batch> {
    const { turns } = request;
    const held: Held = { documents: [], bytes: 0 };
    turns.check();
    for (;;) {
      const end = this.#fill(held, request);
      if (end !== 'turnOver') return { documents: held.documents, isExhausted: end === 'exhausted' };
      await turns.next();
    }
  }

  #fill(held: Held, { documentsMax, bytesMax, turns }: BatchRequest): 'exhausted' | 'full' | 'turnOver' {
    while (held.documents.length < documentsMax) {
      if (turns.isOver) return 'turnOver';
      const document = this.#pull();
      if (document === undefined) return 'exhausted';
      if (document !== null && !this.#add(held, document, bytesMax)) return 'full';
    }
    return 'full';
  }

  /** False if the document does not fit. */
  #add(held: Held, document: Uint8Array, bytesMax: number): boolean {
    if (held.documents.length > 0 && held.bytes + document.length > bytesMax) {
      this.#pending = document;
      return false;
    }
    held.documents.push(document);
    held.bytes += document.length;
    return true;
  }

  close(): void {
    this.#pending = null;
    this.#iterator.return?.();
  }

  /** Undefined at the end. */
  #pull(): Uint8Array | null | undefined {
    const pending = this.#pending;
    this.#pending = null;
    if (pending !== null) return pending;
    const result = this.#iterator.next();
    if (result.done === true) return undefined;
    if ((result.value?.length ?? 0) > documentBytesMax + documentBytesSlack) {
      throw new MongoFailure(
        'BSONObjectTooLarge',
        `BSONObj size: ${result.value?.length} is invalid. Size must be between 0 and ${documentBytesMax + documentBytesSlack}`,
      );
    }
    return result.value;
  }
}
