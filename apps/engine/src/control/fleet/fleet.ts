import type { FleetView } from '@emcachers/core/api-views';

/** A view, and how long ago its rows were read, milliseconds. */
export interface AgedFleetView {
  readonly view: FleetView;
  readonly ageMs: number;
}

/** The view of the fleet, assembled from PostgreSQL, this node and the leader's capture report. */
export interface Fleet {
  /**
   * Takes a new view that starts after the call; concurrent callers share it. If PostgreSQL does not answer within
   * `patienceMs`, the view is the last one, says so, and has its age. Never rejects.
   */
  read(): Promise<FleetView>;
  /** The last reading as it is to be judged now, with its age, without waiting. Null before the first. */
  glance(): AgedFleetView | null;
  /** How long an answer may wait for PostgreSQL now, milliseconds: less once it is known to be unreachable. */
  patienceMs(): number;
  /** The newest view, without taking one. Null before the first. */
  latest(): FleetView | null;
  /** Calls the listener with every new view. Returns the function that unsubscribes. */
  subscribe(listener: (fleet: FleetView) => void): () => void;
  listenerCount(): number;
}
