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
 * Call order: `openStream` → `next` until it ends → `close`, always. `openStream` is confirmed by the server's first reply,
 * so a scan that starts afterwards cannot miss a change. Aborting its signal ends a waiting `next` with the driver's error.
 *
 * Failures: what the driver throws, unchanged; `stream-errors.ts` says whether the position is lost, a retry may cure it,
 * or it is fatal, and gives it the catalogue's code.
 *
 * Not promised: history (an update carries the document as it is when looked up, not as it was), transaction boundaries,
 * and `clusterTime` as an order: several changes may share one.
 */
import type {
  ChangeBatch,
  CollectionFacts,
  CollectionPage,
  LastKey,
  Namespace,
  ServerFacts,
} from './change-source-types.ts';
import type { Position } from './position.ts';
import type { StreamPipeline } from './stream-pipeline.ts';

export interface ChangeStream {
  /** The next reply; empty batches come at least every `awaitMsMax`. Null when the server closed the cursor. */
  next(): Promise<ChangeBatch | null>;
  /** Kills the server's cursor and ends the session; safe to call twice and while `next` waits. Never throws. */
  close(): Promise<void>;
}

/** The front door to MongoDB. Reads only; every method fails with the driver's error. */
export interface MongoSource {
  /** EMC-2002 when the server is not part of a replica set or a sharded cluster. */
  describe(): Promise<ServerFacts>;
  /** The server's operation time: every read answered before has seen nothing later. */
  operationTime(): Promise<bigint>;
  openStream(request: {
    readonly position: Position;
    readonly pipeline: StreamPipeline;
    readonly signal: AbortSignal;
  }): Promise<ChangeStream>;
  /** Null when there is no such collection. */
  collectionFacts(namespace: Namespace): Promise<CollectionFacts | null>;
  /** The server's own estimate, from its metadata; null when it does not tell. */
  estimatedDocuments(namespace: Namespace): Promise<number | null>;
  /** Primary, majority, and not before `notBefore`: a lagging read could miss what the stream has passed already. */
  readPage(request: {
    readonly namespace: Namespace;
    readonly after: LastKey;
    readonly limit: number;
    readonly notBefore: bigint;
  }): Promise<CollectionPage>;
  /** Collections that can be copied, by name; at most `collectionsListedMax` of them. */
  listCollections(): Promise<readonly Namespace[]>;
  /** At most `limit` raw documents, half of the lowest and half of the highest `_id`s. */
  sample(namespace: Namespace, limit: number): Promise<readonly Uint8Array[]>;
  close(): Promise<void>;
}
