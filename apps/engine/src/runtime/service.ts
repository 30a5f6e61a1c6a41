/**
 * A long-lived part of the engine: an ingest run loop, a replicator, a sampler.
 *
 * Guarantees: `run` resolves once its signal has aborted and its resources are drained and closed. It rejects on an error that
 * the supervisor must see, after it has released its resources, with the root cause (never the AbortError of a sibling that
 * failed as a result). It may be run again after either, but never twice at the same time.
 *
 * Not promised: restarts, delays between them, and reports to operators. The supervisor does that.
 */
export interface Service {
  /** The name used in logs, health and metrics, for example `replicator`. */
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}
