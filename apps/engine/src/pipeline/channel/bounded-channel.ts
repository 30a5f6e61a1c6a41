/**
 * The in-memory channel. It exists because MongoDB sends faster than PostgreSQL commits, and the difference needs a bounded
 * buffer. Keeps I11 (count and bytes), I6 (first in, first out) and, through `acknowledge`, its part of I2.
 * Worst case: a consumer that never acknowledges blocks the producer, the stream stops, and MongoDB's oplog eventually rolls
 * past our position, which forces a scan of every entity. The status reports the fill level so that operators see this early.
 */
import type { Clock } from '@emcachers/core/clock';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { Channel, ChannelBatch, ChannelFill, Weighed } from './channel.ts';

export interface ChannelOptions {
  /** Operations per batch. 2,000 use a COPY efficiently and commit in about 20 ms. */
  readonly batchOpsMax: number;
  /** Bytes per batch. */
  readonly batchBytesMax: number;
  /** How long an incomplete batch waits for more items, counted from its first item, milliseconds. */
  readonly lingerMs: number;
  /** Operations in the channel, including the batch being committed: room for two more batches beside it. */
  readonly opsMax: number;
  /** Bytes in the channel, including the batch being committed. */
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
  /** Wakes the consumer: an item arrived, a batch is full, the channel closed, or it failed. */
  readonly #consumer: Wakeup;
  /** Wakes the producer: room became free, or the channel failed. */
  readonly #producer: Wakeup;
  #isProducerWaiting = false;

  constructor(clock: Clock, options: ChannelOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#consumer = new Wakeup(clock);
    this.#producer = new Wakeup(clock);
  }

  offer(item: Item): boolean {
    if (this.#closed) throw new Error('offer() was called after close().');
    const ops = this.#waitingOps + this.#takenOps + item.operations;
    const bytes = this.#waitingBytes + this.#takenBytes + item.bytes;
    if (!this.#hasRoom(ops, bytes)) return false;
    const wasEmpty = this.#waiting.length === 0;
    if (wasEmpty) this.#firstAtMs = this.#clock.monotonicMs();
    this.#waiting.push(item);
    this.#waitingOps += item.operations;
    this.#waitingBytes += item.bytes;
    if (ops > this.#opsHighest) this.#opsHighest = ops;
    if (bytes > this.#bytesHighest) this.#bytesHighest = bytes;
    if (wasEmpty || this.#isFull()) this.#consumer.wake();
    return true;
  }

  async room(): Promise<void> {
    this.#throwFailure();
    if (this.isEmpty()) return;
    // The producer is blocked, so the batch cannot grow: flush it now.
    this.#consumer.wake();
    this.#isProducerWaiting = true;
    await this.#producer.wait(null);
    this.#isProducerWaiting = false;
    this.#throwFailure();
  }

  async take(): Promise<ChannelBatch<Item> | null> {
    if (this.#taken !== null) throw new Error('take() was called before the previous batch was acknowledged.');
    for (;;) {
      this.#throwFailure();
      if (this.#closed && this.#waiting.length === 0) return null;
      const delayMs = this.#cutDelayMs();
      if (delayMs !== null && delayMs <= 0) return this.#cut();
      await this.#consumer.wait(delayMs);
    }
  }

  acknowledge(batch: ChannelBatch<Item>): void {
    if (this.#taken !== batch) throw new Error('acknowledge() accepts only the most recently taken batch.');
    this.#taken = null;
    this.#takenOps = 0;
    this.#takenBytes = 0;
    this.#producer.wake();
  }

  isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#taken === null;
  }

  close(): void {
    this.#closed = true;
    this.#consumer.wake();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#consumer.wake();
    this.#producer.wake();
  }

  fill(): ChannelFill {
    return {
      bufferedOperations: this.#waitingOps + this.#takenOps,
      bufferedBytes: this.#waitingBytes + this.#takenBytes,
      bufferedOperationsMax: this.#opsHighest,
      bufferedBytesMax: this.#bytesHighest,
    };
  }

  /** Whether the channel may hold this many operations and bytes. An empty channel accepts an item of any size. */
  #hasRoom(ops: number, bytes: number): boolean {
    return this.isEmpty() || (ops <= this.#options.opsMax && bytes <= this.#options.bytesMax);
  }

  /** Milliseconds until the waiting items are cut into a batch; not above zero if they are due, null if no item waits. */
  #cutDelayMs(): number | null {
    if (this.#waiting.length === 0) return null;
    if (this.#closed || this.#isFull() || this.#isProducerWaiting) return 0;
    return this.#firstAtMs + this.#options.lingerMs - this.#clock.monotonicMs();
  }

  #isFull(): boolean {
    return this.#waitingOps >= this.#options.batchOpsMax || this.#waitingBytes >= this.#options.batchBytesMax;
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Takes whole items until a batch limit is reached. The remaining items keep their order and age. */
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
}
