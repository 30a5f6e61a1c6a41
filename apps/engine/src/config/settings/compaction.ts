import { wholeNumber } from './schemas.ts';
import type { Setting } from './setting.ts';

/** How the oplog is kept small. */
export const compactionSettings = {
  EMCACHERS_COMPACTION_SECONDS: {
    schema: wholeNumber(1, 86_400),
    standard: '60',
    unit: 'seconds, from 1 to 86400',
    reason: 'How often the leader checks whether the oplog of an entity is due for compaction.',
    reader: 'engine',
  },
  EMCACHERS_COMPACTION_ENTRIES_MIN: {
    schema: wholeNumber(1, 1_000_000_000),
    standard: '100000',
    unit: 'entries, from 1 to 1000000000',
    reason:
      'An entity is compacted once its oplog has this many entries that are not compacted yet, and a tenth of those that were kept.',
    reader: 'engine',
  },
  EMCACHERS_TOMBSTONE_HOURS: {
    schema: wholeNumber(0, 8_760),
    standard: '24',
    unit: 'hours, from 0 to 8760',
    reason: 'How long the oplog keeps the Delete of a document that is gone, also after every cache has applied it.',
    reader: 'engine',
  },
  EMCACHERS_GIVE_UP_MINUTES: {
    schema: wholeNumber(1, 1_440),
    standard: '1440',
    unit: 'minutes, from 1 to 1440',
    reason:
      'Compaction no longer waits for a cache for which an entry has waited this long. When its node returns, it rebuilds the cache.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
