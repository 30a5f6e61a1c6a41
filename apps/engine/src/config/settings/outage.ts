import { wholeNumber } from './schemas.ts';
import type { Setting } from './setting.ts';

/** What happens if a server stays away. */
export const outageSettings = {
  EMCACHERS_FAIL_AFTER_SECONDS: {
    schema: wholeNumber(5, 86_400),
    standard: null,
    unit: 'seconds, 5 to 86400',
    reason:
      'The engine exits with code 1 if PostgreSQL, or MongoDB on a node with the role ingest, does not answer for this long, at the start or later. If unset, it waits 10 s for PostgreSQL at the start, and otherwise retries without end while its caches keep serving.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
