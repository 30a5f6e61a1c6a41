/** What goes through the change source's front door, `change-source.ts`. */
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
  | { readonly kind: 'collection-gone'; readonly namespace: Namespace }
  | { readonly kind: 'collection-renamed'; readonly namespace: Namespace; readonly to: Namespace }
  | { readonly kind: 'database-gone'; readonly database: string }
  | { readonly kind: 'invalidated' };

/** One change and the raw token document of the position after it: `tokenPosition` reads it when it is to be saved. */
export interface PositionedEvent {
  readonly event: ChangeEvent;
  readonly token: Uint8Array;
}

/** One reply of the server: its changes in order, and the position after all of them, also when there are none. */
export interface ChangeBatch {
  readonly events: readonly PositionedEvent[];
  /** Null while a split event is incomplete: there is no place to resume from between its fragments. */
  readonly end: Position | null;
}

/** What a page of a scan starts after. Not having a key is said apart, because `_id: null` is a legal key. */
export type LastKey = { readonly kind: 'none' } | { readonly kind: 'key'; readonly document: Uint8Array };

export interface CollectionPage {
  /** Raw documents in `_id` order. */
  readonly documents: readonly Uint8Array[];
  /** Raw `{ _id }` of the last one, to go on after; null when there is none. */
  readonly lastKey: Uint8Array | null;
  /** Nothing is left behind this page. */
  readonly exhausted: boolean;
}

export interface CollectionFacts {
  readonly kind: 'collection' | 'view' | 'timeseries';
  /** In its canonical form with dashes; changes when the collection is dropped and made again. Null where the server does not tell. */
  readonly uuid: string | null;
}

export interface ServerFacts {
  /** Null on a sharded cluster. */
  readonly setName: string | null;
  readonly version: string;
  readonly isSharded: boolean;
}
