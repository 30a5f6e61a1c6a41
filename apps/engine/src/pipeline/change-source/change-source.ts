/**
 * Contract of the change source: MongoDB as an ordered stream of changes and as collections that can be scanned.
 *
 * Guarantees
 * - One cluster-level stream per engine. Changes arrive in the stream's order, which is the only reliable order (I6).
 * - A returned position covers every change returned before it and nothing after it. No position lies between the fragments
 *   of a split event. The caller must save the position together with those changes (I2).
 * - Documents stay raw BSON until the projection (I13). This stage never decodes user data into JavaScript objects.
 * - A scan page is ordered by `_id` over all BSON types. The scan ends only at an empty page.
 * - Bounded (I11): at most one reply is being converted while one more is in flight. A reply is at most 16 MB.
 *
 * Call order: `openStream` → `next` until it ends → `close`, also after an error. `openStream` resolves at the server's first
 * reply, so a scan that starts afterwards cannot miss a change. Aborting the signal ends a pending `next` with the driver's error.
 *
 * Failures: the driver's errors, unchanged. `stream-errors.ts` classifies each as position lost, retryable or fatal, and maps
 * it to a catalogue code.
 *
 * Not promised: history (an update carries the document as it is at lookup, not as it was at the update), and ordering by
 * `clusterTime`, which several changes may share. A transaction has no mark at its end: the next change, or an empty reply, shows it.
 */
import type { SourceOplog } from '@emcachers/core/capture-report';
import type {
  ChangeBatch,
  ChangePresence,
  CollectionFacts,
  CollectionPage,
  KeyedDocuments,
  KeyedRequest,
  Namespace,
  PageRequest,
  ServerFacts,
  SourceFilter,
} from './change-source-types.ts';
import type { Position } from './position.ts';
import type { StreamPipeline } from './stream-pipeline.ts';

export interface ChangeStream {
  /** The next reply. An idle stream returns an empty batch at least every `awaitMsMax` (`hurriedMsMax` while hurried). Null if the server closed the cursor. */
  next(): Promise<ChangeBatch | null>;
  /**
   * While true, an empty reply is not delayed for long, so that the position follows the server's time closely. Does not affect
   * the reply that is under way.
   */
  hurry(isHurried: boolean): void;
  /** Kills the server's cursor and ends the session. Safe to call twice and while `next` is pending. Never throws. */
  close(): Promise<void>;
}

/** The only access to MongoDB. Read-only. Every method fails with the driver's error. */
export interface MongoSource {
  /** Throws EMC-2002 if the server is not part of a replica set or a sharded cluster. */
  describe(): Promise<ServerFacts>;
  /** Whether the server's history has the change that this raw token belongs to. */
  findChange(token: Uint8Array, signal: AbortSignal): Promise<ChangePresence>;
  /** The server's operation time. No read that completed before this call has seen a later write. */
  operationTime(): Promise<bigint>;
  readOplog(): Promise<SourceOplog>;
  openStream(request: {
    readonly position: Position;
    readonly pipeline: StreamPipeline;
    readonly signal: AbortSignal;
  }): Promise<ChangeStream>;
  /** Null if the collection does not exist. */
  collectionFacts(namespace: Namespace): Promise<CollectionFacts | null>;
  /** The server's estimate from its metadata; null if it gives none. */
  estimatedDocuments(namespace: Namespace): Promise<number | null>;
  /** Reads from the primary with majority, no earlier than `notBefore`: a stale read could miss writes that the stream has passed. */
  readPage(request: PageRequest): Promise<CollectionPage>;
  /** Throws EMC-5012 with the server's reason if it does not take the query. Reads no document. */
  checkFilter(request: { readonly namespace: Namespace; readonly filter: SourceFilter }): Promise<void>;
  /** Reads documents by raw `{ _id }`, with the guarantees of `readPage`. Every key must be readable (`isReadableKey`). */
  readDocuments(request: KeyedRequest): Promise<KeyedDocuments>;
  /** The exact number of documents, with the guarantees of `readPage`. Takes time in proportion to the collection. */
  countDocuments(request: Pick<KeyedRequest, 'namespace' | 'notBefore'>): Promise<number>;
  /** Collections that can be copied, sorted by name; at most `collectionsListedMax`. */
  listCollections(): Promise<readonly Namespace[]>;
  /** At most `limit` raw documents: half from the lowest and half from the highest `_id`s. */
  sample(namespace: Namespace, limit: number): Promise<readonly Uint8Array[]>;
  close(): Promise<void>;
}
