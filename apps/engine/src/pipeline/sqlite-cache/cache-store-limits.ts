/** What an operator may set about the cache files, and the defaults, which the settings show. */
export interface CacheStoreLimits {
  /** Number of writer threads. By default one, because SQLite competes with everything else for the processor. */
  readonly threads: number;
  /** A file without writes for this long is closed, milliseconds. */
  readonly idleMs: number;
  /** How long a superseded generation is kept for readers that are opening it, milliseconds. */
  readonly graceMs: number;
  /** How many keys of changed rows each published file keeps for its readers; 0 for none. */
  readonly changesKept: number;
}

export const cacheStoreDefaults: CacheStoreLimits = {
  threads: 1,
  idleMs: 30_000,
  graceMs: 30_000,
  changesKept: 10_000,
};
