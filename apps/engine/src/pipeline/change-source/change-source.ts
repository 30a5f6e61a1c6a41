/**
 * Contract of the change source: MongoDB as an ordered stream of changes and as collections that can be read whole.
 *
 * Guarantees
 * - One stream per engine, at cluster level: changes arrive in the stream's order, which is the only order there is (I6).
 * - A position handed out covers every change handed out before it and nothing after it; no position lies between the
 *   fragments of one split event. Saving it together with those changes is the caller's part (I2).
 * - Documents stay raw BSON up to the projection (I13). Nothing here decodes user data into JavaScript objects.
 * - A page of a scan is ordered by `_id` over all BSON types; the scan ends only at an empty page.
 * - Bounded (I11): at most one reply is converted while one more is on its way; a reply has at most 16 MB.
 *
 * Call order: `open` → `next` until it ends → `close`, always. `open` is confirmed by the server's first reply, so a scan
 * that starts afterwards cannot miss a change. Aborting the signal given to `open` ends a waiting `next` at once.
 *
 * Failures: a lost position is the outcome `lost` (EMC-2003), whatever a retry may cure is `interrupted` (EMC-2001,
 * EMC-2004), everything else throws and stops the ingest loudly. Which is which: `stream-errors.ts`.
 *
 * Not promised: history (an update carries the document as it is when looked up, not as it was), transaction boundaries,
 * and `clusterTime` as an order: several changes may share one.
 */
import type { Position } from './position.ts';

/** A source collection. */
export interface Namespace {
  readonly database: string;
  readonly collection: string;
}

/** What the stream says, reduced to what the pipeline must do about it. */
export type ChangeEvent =
  | {
      readonly kind: 'document';
      readonly namespace: Namespace;
      /** Raw BSON of the event's documentKey: `{ _id }`, with the shard key's fields beside it on a sharded cluster. */
      readonly documentKey: Uint8Array;
      /** Raw BSON of the document; null when it is gone: deleted, or not found by the lookup of an update. */
      readonly document: Uint8Array | null;
      readonly sourceTimeMs: number | null;
    }
  | { readonly kind: 'collection-gone'; readonly namespace: Namespace; readonly reason: 'drop' }
  | { readonly kind: 'collection-renamed'; readonly namespace: Namespace; readonly to: Namespace }
  | { readonly kind: 'database-gone'; readonly database: string }
  | { readonly kind: 'invalidated' };

/** One change and the position after it. `bytes` is its size on the wire, for the channel's budget. */
export interface PositionedEvent {
  readonly event: ChangeEvent;
  readonly position: Position;
  readonly bytes: number;
}

/** One reply of the server: its changes in order, and the position after all of them (also when there are none). */
export interface ChangeBatch {
  readonly events: readonly PositionedEvent[];
  readonly end: Position;
}

export interface ChangeStream {
  /** The next reply; empty batches come at least every `awaitMsMax`. Null when the server closed the cursor. */
  next(): Promise<ChangeBatch | null>;
  /** Kills the server's cursor and ends the session; safe to call twice and while `next` waits. Never throws. */
  close(): Promise<void>;
}
