/**
 * A long-lived part of the engine: an ingest run loop, a replicator, a sampler.
 *
 * Guarantees a service gives: `run` resolves when its signal aborted and everything it held is drained and closed;
 * it rejects on a fault that its supervisor must see, after having released what it held, with the root cause (never
 * the AbortError of a sibling that fell because of it). It may be run again after either, never twice at once.
 *
 * Not promised: restarts, delays between them and the report to operators are the supervisor's.
 */
export interface Service {
  /** The word under which logs, health and metrics know it, for example `replicator`. */
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}
