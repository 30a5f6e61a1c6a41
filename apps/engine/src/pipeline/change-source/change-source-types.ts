/** Types of the change source's interface, `change-source.ts`. */
import type { Position } from './position.ts';

/** A source collection. */
export interface Namespace {
  readonly database: string;
  readonly collection: string;
}

/** A change event, reduced to what the pipeline must act on. */
export type ChangeEvent =
  | {
      readonly kind: 'document';
      readonly namespace: Namespace;
      /** Raw BSON of the event's documentKey: `{ _id }`, plus the shard key's fields on a sharded cluster. */
      readonly documentKey: Uint8Array;
      /** Raw BSON of the document; null if it was deleted or the lookup of an update did not find it. */
      readonly document: Uint8Array | null;
      /** True if no document had this `_id` before. */
      readonly isInsert: boolean;
      readonly sourceTimeMs: number | null;
    }
  | { readonly kind: 'collection-gone'; readonly namespace: Namespace }
  | { readonly kind: 'collection-renamed'; readonly namespace: Namespace; readonly to: Namespace }
  | { readonly kind: 'database-gone'; readonly database: string }
  | { readonly kind: 'invalidated' };

/** Identifies a transaction of the source. Its changes follow each other in the stream. */
export interface SourceTransaction {
  /** Raw BSON of the session's id. */
  readonly sessionId: Uint8Array;
  /** Of the transaction within the session. */
  readonly number: bigint;
}

/** One change and the raw token document of the position after it. `tokenPosition` parses the token when it is saved. */
export interface PositionedEvent {
  readonly event: ChangeEvent;
  readonly token: Uint8Array;
  /** Null for a write of its own. */
  readonly transaction: SourceTransaction | null;
}

/** One server reply: its changes in order, and the position after them. An empty reply has a position too. */
export interface ChangeBatch {
  readonly events: readonly PositionedEvent[];
  /** Null while a split event is incomplete: a stream cannot resume between fragments. */
  readonly end: Position | null;
  /**
   * True if the reply took everything that the server had. Its updates then carry the documents of this very place, unless a
   * write came between the server's reading of the change and of the document; otherwise possibly of a later place.
   */
  readonly isLevel: boolean;
}

/** The key that a scan page starts after. The first page has its own kind, because `_id: null` is a legal key. */
export type LastKey = { readonly kind: 'none' } | { readonly kind: 'key'; readonly document: Uint8Array };

/** A MongoDB query, as `extended-json.ts` reads it. */
export type SourceFilter = Readonly<Record<string, unknown>>;

export interface PageRequest {
  readonly namespace: Namespace;
  /** Only documents that match it; absent: all. */
  readonly filter?: SourceFilter;
  readonly after: LastKey;
  readonly limit: number;
  readonly notBefore: bigint;
}

export interface CollectionPage {
  /** Raw documents in `_id` order. */
  readonly documents: readonly Uint8Array[];
  /** Raw `{ _id }` of the last document, where the next page starts; null if the page is empty. */
  readonly lastKey: Uint8Array | null;
  /** True if no documents follow this page. */
  readonly exhausted: boolean;
  /** Operation time of the server's reply: the page holds nothing newer. */
  readonly readTime: bigint;
}

export interface KeyedRequest {
  readonly namespace: Namespace;
  /** Raw `{ _id }` documents; other fields are ignored. */
  readonly keys: readonly Uint8Array[];
  readonly notBefore: bigint;
  /** If true, the documents have only their `_id`. */
  readonly keysOnly: boolean;
}

export interface KeyedDocuments {
  /** Raw documents, in no particular order. */
  readonly documents: readonly Uint8Array[];
  /** True if the documents of all other keys do not exist; false if the reply was full, and the other keys must be read again. */
  readonly isComplete: boolean;
}

export interface CollectionFacts {
  readonly kind: 'collection' | 'view' | 'timeseries' | 'capped';
  /** Canonical form with dashes. Changes when the collection is dropped and re-created. Null if the server does not report it. */
  readonly uuid: string | null;
}

/** `unknown`: the history no longer reaches back to the change, or the server has not reached its time yet. */
export type ChangePresence = 'present' | 'absent' | 'unknown';

export interface ServerFacts {
  /** Of the replica set or sharded cluster, made with it and never changed; null if the user of MONGO_URL may not read it. */
  readonly sourceId: string | null;
  /** Null on a sharded cluster. */
  readonly setName: string | null;
  readonly version: string;
  readonly isSharded: boolean;
}
