import { url, wholeNumber } from './schemas.ts';
import type { Setting } from './setting.ts';

/** The source database. */
export const sourceSettings = {
  MONGO_URL: {
    schema: url(['mongodb', 'mongodb+srv']),
    standard: null,
    unit: 'MongoDB connection string of a replica set or sharded cluster',
    reason: 'The source database. If unset, `npm start` runs its own MongoDB server.',
    reader: 'engine',
  },
  EMCACHERS_SOURCE_CHECK_SECONDS: {
    schema: wholeNumber(1, 86_400),
    standard: '30',
    unit: 'seconds, from 1 to 86400',
    reason: 'How often the leader checks that MongoDB and the source collections are still those that it follows.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
