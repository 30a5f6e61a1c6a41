import type { ChangeStream } from '../change-stream/change-stream.ts';
import type { Clock } from '../clock.ts';
import type { CommitGroup } from '../storage/commit-group.ts';
import type { Batch, BatchRequest, DocumentSource } from './cursor-table.ts';

/** A change stream as a cursor source: a batch waits for its first event until the timeout; commits wake it. */
export class ChangeStreamSource implements DocumentSource {
  readonly #stream: ChangeStream;
  readonly #clock: Clock;
  readonly #group: CommitGroup;

  constructor(stream: ChangeStream, { clock, group }: { readonly clock: Clock; readonly group: CommitGroup }) {
    this.#stream = stream;
    this.#clock = clock;
    this.#group = group;
  }

  async next(request: BatchRequest): Promise<Batch> {
    const limit = { batchSize: request.documentsMax, bytesMax: request.bytesMax };
    const endMs = this.#clock.monotonicMs() + request.waitMs;
    for (;;) {
      const batch = this.#stream.next(limit);
      const leftMs = endMs - this.#clock.monotonicMs();
      const isDone = batch.events.length > 0 || batch.isInvalidated || leftMs <= 0 || request.signal.aborted;
      if (isDone) {
        return { documents: batch.events, isExhausted: batch.isInvalidated, resumeToken: batch.postBatchResumeToken };
      }
      await this.#stream.wait(leftMs, request.signal);
      // A stream that examines many entries and shows few yields to other clients between rounds.
      await this.#group.nextTurn();
    }
  }

  close(): void {
    // The stream holds no resources besides its position in the history.
  }
}
