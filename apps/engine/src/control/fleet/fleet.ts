import type { FleetView } from '@emcachers/core/api-views';

/** The view of the fleet, assembled from PostgreSQL, this node and the leader's capture report. */
export interface Fleet {
  /**
   * Takes a new view that starts after the call; concurrent callers share it. If a database is unreachable, the view
   * says so; the call does not reject.
   */
  read(): Promise<FleetView>;
  /** The newest view, without taking one. Null before the first. */
  latest(): FleetView | null;
  /** Calls the listener with every new view. Returns the function that unsubscribes. */
  subscribe(listener: (fleet: FleetView) => void): () => void;
  listenerCount(): number;
}
