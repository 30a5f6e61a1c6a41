import { databaseDefaults } from '@emcachers/db/database-limits';
import { connectionString } from './connection-string.ts';
import { numberSetting } from './schemas.ts';
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
  EMCACHERS_POSTGRES_CONNECTIONS_MAX: numberSetting({
    unit: 'connections',
    min: 3,
    max: 200,
    standard: databaseDefaults.connectionsMax,
    reason:
      'Connections in each of the pools: three in every engine, and one more in the leader. PostgreSQL’s max_connections must hold those of all engines.',
  }),
  EMCACHERS_POSTGRES_CONNECT_MS: numberSetting({
    unit: 'milliseconds',
    min: 100,
    max: 120000,
    standard: databaseDefaults.connectMsMax,
    reason: 'How long a statement waits for a connection.',
  }),
  EMCACHERS_POSTGRES_STATEMENT_SECONDS: numberSetting({
    unit: 'seconds',
    min: 10,
    max: 86400,
    standard: databaseDefaults.statementMsMax / 1_000,
    reason:
      'The longest that one statement may run. Raise it if a sweep or a compaction of a very large entity is cancelled.',
  }),
  EMCACHERS_POSTGRES_PAGE_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 3600,
    standard: databaseDefaults.pageMsMax / 1_000,
    reason: 'The longest that reading one page of the oplog may take. While it waits, the caches stand still.',
  }),
  EMCACHERS_POSTGRES_IDLE_TRANSACTION_SECONDS: numberSetting({
    unit: 'seconds',
    min: 5,
    max: 300,
    standard: databaseDefaults.idleTransactionMsMax / 1_000,
    reason: 'After this, PostgreSQL ends a transaction whose engine is frozen, so that its locks do not stay.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
