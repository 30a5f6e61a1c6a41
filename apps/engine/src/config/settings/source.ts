import { url } from './schemas.ts';
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
} as const satisfies Record<string, Setting<unknown>>;
