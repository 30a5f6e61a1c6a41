import type { FleetView } from '@emcachers/core/api-views';

/** The whole picture, assembled from what PostgreSQL, this node and the stream's reader know. */
export interface Fleet {
  /** Takes a new picture; callers that ask while one is being taken share it. Never rejects because a database is away: the picture says so. */
  read(): Promise<FleetView>;
  /** The newest picture taken, without taking one; null before the first. */
  latest(): FleetView | null;
  /** Calls back after every picture; returns the unsubscription. */
  subscribe(listener: (fleet: FleetView) => void): () => void;
  listenerCount(): number;
}
