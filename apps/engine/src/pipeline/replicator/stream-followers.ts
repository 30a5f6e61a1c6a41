/**
 * Follows each stream in a loop of its own, from its first cache on: a stream whose pages are slow holds up no cache of another.
 * The first loop that fails ends all.
 */
import { type LinkedAbort, untilAborted } from '../../runtime/abort.ts';

export class StreamFollowers {
  readonly #follow: (streamId: number) => Promise<void>;
  readonly #stop: LinkedAbort;
  readonly #loops = new Map<number, Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  /** `follow` runs until `stop` aborts. */
  constructor(follow: (streamId: number) => Promise<void>, stop: LinkedAbort) {
    this.#follow = follow;
    this.#stop = stop;
  }

  /** Begins to follow those streams that are not followed yet. */
  include(streamIds: Iterable<number>): void {
    if (this.#stop.signal.aborted) return;
    for (const streamId of streamIds) if (!this.#loops.has(streamId)) this.#loops.set(streamId, this.#loop(streamId));
  }

  /** Resolves once every loop has ended. Throws what ended them. */
  async ended(): Promise<void> {
    await untilAborted(this.#stop.signal);
    await Promise.all(this.#loops.values());
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #loop(streamId: number): Promise<void> {
    try {
      await this.#follow(streamId);
    } catch (error) {
      this.#failure ??= { error };
      this.#stop.abort();
    }
  }
}
