/**
 * The channel in memory. Why it exists: MongoDB sends faster than PostgreSQL commits, and the difference must wait
 * somewhere that has an end. Keeps I11 (count and bytes), I6 (first in, first out) and, with `acknowledge`, its part of I2.
 * The worst that can happen: a consumer that never acknowledges stops the producer, which stops reading the stream, until
 * MongoDB's history is cut and everything is scanned again. The fill is in the status so that this can be seen coming.
 */
import type { Clock } from '@emcachers/core/clock';
import type { Channel, ChannelBatch, ChannelFill, Weighed } from './channel.ts';

export interface ChannelOptions {
  /** Operations in one batch; 2,000 fill a COPY well and commit in some 20 ms. */
  readonly batchOpsMax: number;
  /** Bytes in one batch. */
  readonly batchBytesMax: number;
  /** How long a batch that is not full waits for more, from its first item. */
  readonly lingerMs: number;
  /** Operations inside, counting the batch that is being committed: room for two more beside it. */
  readonly opsMax: number;
  /** Bytes inside, counting the batch that is being committed. */
  readonly bytesMax: number;
}

export const channelDefaults: ChannelOptions = {
  batchOpsMax: 2000,
  batchBytesMax: 4 * 1024 * 1024,
  lingerMs: 5,
  opsMax: 6000,
  bytesMax: 12 * 1024 * 1024,
};

export function createChannel<Item extends Weighed>(
  clock: Clock,
  options: Partial<ChannelOptions> = {},
): Channel<Item> {
  return new BoundedChannel<Item>(clock, { ...channelDefaults, ...options });
}

class BoundedChannel<Item extends Weighed> implements Channel<Item> {
  readonly #clock: Clock;
  readonly #options: ChannelOptions;
  #waiting: Item[] = [];
  #waitingOps = 0;
  #waitingBytes = 0;
  #takenOps = 0;
  #takenBytes = 0;
  #taken: ChannelBatch<Item> | null = null;
  #opsHighest = 0;
  #bytesHighest = 0;
  #firstAtMs = 0;
  #closed = false;
  #failure: { readonly error: unknown } | null = null;
  /** Wakes the consumer: something came, a batch is full, the end, or a failure. */
  #wakeConsumer: (() => void) | null = null;
  /** Wakes the producer: room, or a failure. */
  #wakeProducer: (() => void) | null = null;

  constructor(clock: Clock, options: ChannelOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  offer(item: Item): boolean {
    if (this.#closed) throw new Error('The channel is closed: nothing may be offered.');
    const ops = this.#waitingOps + this.#takenOps + item.operations;
    const bytes = this.#waitingBytes + this.#takenBytes + item.bytes;
    if (!this.isEmpty() && (ops > this.#options.opsMax || bytes > this.#options.bytesMax)) return false;
    const wasEmpty = this.#waiting.length === 0;
    if (wasEmpty) this.#firstAtMs = this.#clock.monotonicMs();
    this.#waiting.push(item);
    this.#waitingOps += item.operations;
    this.#waitingBytes += item.bytes;
    if (ops > this.#opsHighest) this.#opsHighest = ops;
    if (bytes > this.#bytesHighest) this.#bytesHighest = bytes;
    if (wasEmpty || this.#isFull()) this.#wakeConsumer?.();
    return true;
  }

  async room(): Promise<void> {
    this.#throwFailure();
    if (this.isEmpty()) return;
    // What waits cannot become more by itself, so lingering would only hold up both sides.
    this.#wakeConsumer?.();
    await new Promise<void>((resolve) => {
      this.#wakeProducer = resolve;
    });
    this.#wakeProducer = null;
    this.#throwFailure();
  }

  async take(): Promise<ChannelBatch<Item> | null> {
    if (this.#taken !== null) throw new Error('The batch taken before was not acknowledged.');
    for (;;) {
      this.#throwFailure();
      if (this.#waiting.length === 0) {
        if (this.#closed) return null;
        await this.#changed(null);
        continue;
      }
      const lingerMs = this.#firstAtMs + this.#options.lingerMs - this.#clock.monotonicMs();
      if (this.#closed || this.#isFull() || this.#wakeProducer !== null || lingerMs <= 0) return this.#cut();
      await this.#changed(lingerMs);
    }
  }

  acknowledge(batch: ChannelBatch<Item>): void {
    if (this.#taken !== batch) throw new Error('Only the batch taken last can be acknowledged.');
    this.#taken = null;
    this.#takenOps = 0;
    this.#takenBytes = 0;
    this.#wakeProducer?.();
  }

  isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#taken === null;
  }

  close(): void {
    this.#closed = true;
    this.#wakeConsumer?.();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wakeConsumer?.();
    this.#wakeProducer?.();
  }

  fill(): ChannelFill {
    return {
      bufferedOperations: this.#waitingOps + this.#takenOps,
      bufferedBytes: this.#waitingBytes + this.#takenBytes,
      bufferedOperationsMax: this.#opsHighest,
      bufferedBytesMax: this.#bytesHighest,
    };
  }

  #isFull(): boolean {
    return this.#waitingOps >= this.#options.batchOpsMax || this.#waitingBytes >= this.#options.batchBytesMax;
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Takes whole items until one of the bounds is reached; what remains keeps its place and its age. */
  #cut(): ChannelBatch<Item> {
    let count = 0;
    let operations = 0;
    let bytes = 0;
    for (const item of this.#waiting) {
      if (count > 0 && operations + item.operations > this.#options.batchOpsMax) break;
      if (count > 0 && bytes + item.bytes > this.#options.batchBytesMax) break;
      count++;
      operations += item.operations;
      bytes += item.bytes;
    }
    const items = this.#waiting.splice(0, count);
    this.#waitingOps -= operations;
    this.#waitingBytes -= bytes;
    this.#takenOps = operations;
    this.#takenBytes = bytes;
    this.#taken = { items, operations, bytes };
    return this.#taken;
  }

  /** Waits until the consumer is woken, at most `delayMsMax` (null: without end). */
  async #changed(delayMsMax: number | null): Promise<void> {
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wakeConsumer = resolve;
    });
    try {
      await (delayMsMax === null ? woken : Promise.race([woken, this.#clock.sleep(delayMsMax, timer.signal)]));
    } finally {
      this.#wakeConsumer = null;
      timer.abort();
    }
  }
}
