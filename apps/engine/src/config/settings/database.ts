import { connectionString } from './connection-string.ts';
import type { Setting } from './setting.ts';

/** The PostgreSQL that holds the oplog. */
export const databaseSettings = {
  DATABASE_URL: {
    schema: connectionString({ schemes: ['postgres', 'postgresql'], hostsMax: 1 }),
    standard: null,
    unit: 'PostgreSQL connection string',
    reason: 'The database that stores the oplog. If unset, `npm start` runs its own PostgreSQL server.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
