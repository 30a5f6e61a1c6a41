import type { FleetView } from '@emcachers/core/api-views';

/** The view of the fleet, assembled from what PostgreSQL, this node and the stream's reader know. */
export interface Fleet {
  /** Takes a new view; callers that ask while one is being taken share it. Never rejects because a database is away: the view says so. */
  read(): Promise<FleetView>;
  /** The newest view taken, without taking one; null before the first. */
  latest(): FleetView | null;
  /** Calls back after every view; returns the unsubscription. */
  subscribe(listener: (fleet: FleetView) => void): () => void;
  listenerCount(): number;
}
