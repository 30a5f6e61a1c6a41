import { connectionString } from './connection-string.ts';
import { wholeNumber } from './schemas.ts';
import type { Setting } from './setting.ts';

/** The source database. */
export const sourceSettings = {
  MONGO_URL: {
    schema: connectionString({ schemes: ['mongodb', 'mongodb+srv'], hostsMax: 100 }),
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
  EMCACHERS_HEADROOM_CHECK_SECONDS: {
    schema: wholeNumber(1, 86_400),
    standard: '60',
    unit: 'seconds, from 1 to 86400',
    reason: 'How often the leader looks how far back the oplog of MongoDB reaches.',
    reader: 'engine',
  },
  EMCACHERS_HEADROOM_WARNING_HOURS: {
    schema: wholeNumber(0, 8_760),
    standard: '24',
    unit: 'hours, from 0 to 8760',
    reason:
      'Status warns (EMC-2021) if the change stream can stand still for less than this, at the present rate of changes, before its position is lost; or for less than a quarter of what the oplog spans.',
    reader: 'engine',
  },
  EMCACHERS_HEADROOM_CRITICAL_MINUTES: {
    schema: wholeNumber(0, 525_600),
    standard: '60',
    unit: 'minutes, from 0 to 525600',
    reason: 'Status is degraded if the change stream can stand still for less than this before its position is lost.',
    reader: 'engine',
  },
  EMCACHERS_SCANS_MAX: {
    schema: wholeNumber(1, 64),
    standard: '4',
    unit: 'scans, from 1 to 64',
    reason: 'Scans that read at the same time. More than these take turns, page by page; each holds at most two pages.',
    reader: 'engine',
  },
  EMCACHERS_SCAN_DOCUMENTS_PER_SECOND: {
    schema: wholeNumber(0, 10_000_000),
    standard: '0',
    unit: 'documents per second, from 0 to 10000000; 0 for no limit',
    reason: 'How many documents all scans together read from MongoDB.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
