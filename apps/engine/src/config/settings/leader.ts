import { wholeNumber } from './schemas.ts';
import type { Setting } from './setting.ts';

/** When another node takes over ingest from the leader. */
export const leaderSettings = {
  EMCACHERS_LEASE_MS: {
    schema: wholeNumber(1_000, 60_000),
    standard: '2500',
    unit: 'milliseconds, 1000 to 60000',
    reason:
      'If the leader does not renew its lease for this long, another node with the role ingest takes over. A pause of the leader’s process that is longer costs it the lead, but no data.',
    reader: 'engine',
  },
  EMCACHERS_STALL_SECONDS: {
    schema: wholeNumber(5, 3_600),
    standard: '30',
    unit: 'seconds, 5 to 3600',
    reason:
      'A leader whose ingest makes no progress for this long (no answer from MongoDB, no commit) gives up the lead. It must be longer than the slowest commit of a batch.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
