/**
 * Contract of the channel: the bounded buffer between the change source and the oplog.
 *
 * Guarantees
 * - What was offered first is taken first; a batch is a contiguous run, and batches follow each other without a gap (I6).
 * - At most `opsMax` operations and `bytesMax` bytes are inside, counting those taken but not yet acknowledged (I11). One
 *   item above the limit is let in when the channel is empty, so that a 16 MB document cannot block it for ever.
 * - A batch is handed out when it is full (count or bytes) or `lingerMs` after its first item came, whichever is first.
 * - `acknowledged` moves only with `acknowledge`: what was taken and not acknowledged is still in flight (I2).
 *
 * Call order: one producer (`offer`, and `room` when it says false; `close` at the end) and one consumer (`take` →
 * `acknowledge`, in that order, one batch at a time). While a batch is being committed the producer fills the next:
 * that overlap is the pipelining. After `close` the consumer still gets what is inside, then null.
 *
 * Failures: none of its own. `fail(error)` makes `room` and `take` reject with that error for good: a consumer that cannot
 * commit stops its producer, and the other way round, with the first cause kept (not the abort it led to).
 *
 * Not promised: durability (everything inside is lost with the process and comes again from the saved position).
 */

/** What the channel must know of an item to keep its bounds. */
export interface Weighed {
  readonly operations: number;
  readonly bytes: number;
}

export interface ChannelBatch<Item> {
  readonly items: readonly Item[];
  readonly operations: number;
  readonly bytes: number;
}

/** Present and highest fill since the start. */
export interface ChannelFill {
  readonly bufferedOperations: number;
  readonly bufferedBytes: number;
  readonly bufferedOperationsMax: number;
  readonly bufferedBytesMax: number;
}

export interface Channel<Item extends Weighed> {
  /** Puts the item in and answers true, or answers false when there is no room: await `room`, then offer again. */
  offer(item: Item): boolean;
  /** Resolves at the next acknowledgement, or at once when nothing is inside. */
  room(): Promise<void>;
  /** The next batch; null once the channel is closed and empty. */
  take(): Promise<ChannelBatch<Item> | null>;
  /** The batch taken last is durable: its room is free again. */
  acknowledge(batch: ChannelBatch<Item>): void;
  /** Nothing is inside, neither waiting nor taken and unacknowledged. */
  isEmpty(): boolean;
  /** No more items will be offered. */
  close(): void;
  fail(error: unknown): void;
  fill(): ChannelFill;
}
