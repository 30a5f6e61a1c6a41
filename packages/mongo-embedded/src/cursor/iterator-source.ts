import { MongoFailure } from '../error/mongo-failure.ts';
import type { Documents } from '../query/stages/stage.ts';
import { documentBytesMax, documentBytesSlack } from '../server-state.ts';
import type { Batch, BatchRequest, DocumentSource } from './cursor-table.ts';

/** The results of a pipeline, pulled on demand. Throws BSONObjectTooLarge 10334 for a result beyond 16 MB. */
export class IteratorSource implements DocumentSource {
  readonly #iterator: Iterator<Uint8Array | null>;
  /** Pulled, but too large for the previous batch. */
  #pending: Uint8Array | null = null;

  constructor(documents: Documents) {
    this.#iterator = documents[Symbol.iterator]();
  }

  async next({ documentsMax, bytesMax, turns }: BatchRequest): Promise<Batch> {
    const documents: Uint8Array[] = [];
    let bytes = 0;
    turns.check();
    while (documents.length < documentsMax) {
      if (turns.isOver) await turns.next();
      const document = this.#pull();
      if (document === undefined) return { documents, isExhausted: true };
      if (document === null) continue;
      if (documents.length > 0 && bytes + document.length > bytesMax) {
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
