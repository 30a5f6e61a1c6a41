import { wholeNumber } from './schemas.ts';
import type { Setting } from './setting.ts';

/** How caches are compared with the oplog. */
export const verifySettings = {
  EMCACHERS_VERIFY_HOURS: {
    schema: wholeNumber(0, 8_760),
    standard: '24',
    unit: 'hours, from 1 to 8760; 0 verifies only on request',
    reason:
      'How often the caches of each entity are verified, one entity after another. Status is not ok while rows differ.',
    reader: 'engine',
  },
  EMCACHERS_VERIFY_ROWS_PER_SECOND: {
    schema: wholeNumber(1, 10_000_000),
    standard: '20000',
    unit: 'rows, from 1 to 10000000',
    reason:
      'How many rows a node compares per second at most, so that a verification does not hold up changes and readers.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
