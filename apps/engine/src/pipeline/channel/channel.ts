/**
 * Contract of the channel: the bounded buffer between the change source and the oplog.
 *
 * Guarantees
 * - First in, first out. A batch is a contiguous run of items, and consecutive batches leave no gap (I6).
 * - The channel holds at most `opsMax` operations and `bytesMax` bytes, including those taken but not yet acknowledged (I11).
 *   An empty channel accepts one item above the limit, so that a 16 MB document cannot block it for ever.
 * - `take` returns a batch when it is full (count or bytes) or `lingerMs` after its first item arrived, whichever is first.
 * - Only `acknowledge` moves `acknowledged`: items taken but not acknowledged are still in flight (I2).
 *
 * Call order: one producer (`offer`; `room` after `offer` returns false; `close` at the end) and one consumer (`take` →
 * `acknowledge`, one batch at a time). The producer fills the next batch while the consumer commits the current one.
 * After `close` the consumer receives the remaining items, then null.
 *
 * Failures: none of its own. After `fail(error)`, `room` and `take` always reject with that error, so a consumer that cannot
 * commit stops its producer and vice versa. The first error is kept, not the abort that it caused.
 *
 * Not promised: durability. The contents are lost with the process and are read again from the saved position.
 */

/** The size of an item, which the channel needs to enforce its limits. */
export interface Weighed {
  readonly operations: number;
  readonly bytes: number;
}

export interface ChannelBatch<Item> {
  readonly items: readonly Item[];
  readonly operations: number;
  readonly bytes: number;
}

/** Current fill level, and the highest since the start. */
export interface ChannelFill {
  readonly bufferedOperations: number;
  readonly bufferedBytes: number;
  readonly bufferedOperationsMax: number;
  readonly bufferedBytesMax: number;
}

export interface Channel<Item extends Weighed> {
  /** Adds the item and returns true, or returns false if there is no room: await `room`, then offer again. */
  offer(item: Item): boolean;
  /** Resolves after an acknowledgement, possibly one before the call, or immediately if the channel is empty. Then offer again. */
  room(): Promise<void>;
  /** Resolves with the next batch, or null once the channel is closed and empty. */
  take(): Promise<ChannelBatch<Item> | null>;
  /** Reports that the most recently taken batch is durable, and frees its room. */
  acknowledge(batch: ChannelBatch<Item>): void;
  /** True if no item is waiting, and none is taken but unacknowledged. */
  isEmpty(): boolean;
  /** Declares that no more items will be offered. */
  close(): void;
  fail(error: unknown): void;
  fill(): ChannelFill;
}
