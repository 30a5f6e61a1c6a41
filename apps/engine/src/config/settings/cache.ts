import { replicatorDefaults } from '../../pipeline/replicator/replicator-options.ts';
import { cacheStoreDefaults } from '../../pipeline/sqlite-cache/cache-store-limits.ts';
import { numberSetting, wholeNumber } from './schemas.ts';
import type { Setting } from './setting.ts';

/** The cache files of a node. */
export const cacheSettings = {
  EMCACHERS_CACHE_THREADS: numberSetting({
    unit: 'threads',
    min: 1,
    max: 64,
    standard: cacheStoreDefaults.threads,
    reason:
      'Threads that write cache files. Each file has one of them. More help if many entities change at once and processors are free.',
  }),
  EMCACHERS_CACHE_IDLE_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 86400,
    standard: cacheStoreDefaults.idleMs / 1_000,
    reason: 'A file without changes for this long is closed. Its readers do not notice.',
  }),
  EMCACHERS_CACHE_GRACE_SECONDS: numberSetting({
    unit: 'seconds',
    min: 0,
    max: 86400,
    standard: cacheStoreDefaults.graceMs / 1_000,
    reason: 'How long a superseded file stays for readers that are just opening it.',
  }),
  EMCACHERS_CACHE_CHANGES: numberSetting({
    unit: 'changes',
    min: 0,
    max: 1_000_000,
    standard: cacheStoreDefaults.changesKept,
    reason:
      'How many keys of changed rows each cache file keeps, from which readers learn what changed. One that was away for more of them reads everything again. 0: none.',
  }),
  EMCACHERS_CACHE_TEND_MS: numberSetting({
    unit: 'milliseconds',
    min: 100,
    max: 60000,
    standard: replicatorDefaults.tendMs,
    reason: 'How often files are looked after: idle ones closed, superseded and damaged ones replaced.',
  }),
  EMCACHERS_CACHE_OPEN_FILES_MAX: {
    schema: wholeNumber(1, 100_000),
    standard: null,
    unit: 'files, from 1 to 100000',
    reason:
      'Cache files that each thread holds open at once. Each needs three descriptors and up to 4 MB of memory. If unset, up to 200 in all, fewer if the system grants fewer descriptors.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
