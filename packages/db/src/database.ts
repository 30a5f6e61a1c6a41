import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { connectionConfig, type OwnOptions, schemaOf } from './connection-config.ts';
import { createConnectionSockets } from './connection-sockets.ts';
import { toDatabaseError } from './database-error.ts';
import { type DatabaseLimits, databaseDefaults } from './database-limits.ts';
import { PrismaClient } from './generated/client.ts';
import { safeInteger } from './safe-integer.ts';

/**
 * Connections to PostgreSQL in three pools: for hot statements, for reading pages of the oplog, and for Prisma's queries on the
 * control tables, so that a slow console query never delays an append. TCP keep-alive on both ends and a limit on every wait
 * detect dead connections. A connection that breaks while idle is replaced, and only `onIdleError` receives the error.
 */
export interface Database {
  readonly url: string;
  readonly pool: pg.Pool;
  /** Only for pages of the oplog: its planner always reads the partitions' indexes in id order; see `read-page.ts`. */
  readonly pagePool: pg.Pool;
  readonly prisma: PrismaClient;
  /** Throws EMC-3001 if the server does not respond. */
  ping(): Promise<void>;
  /** Waits for running statements. */
  close(): Promise<void>;
  /** Breaks every connection, for a server that does not answer: running statements fail at once, later ones too. */
  abandon(): void;
}

/** What the connections are made from. */
export interface DatabaseOptions extends Partial<DatabaseLimits> {
  readonly url: string;
  readonly onIdleError?: (error: Error) => void;
}

/** Connects lazily: the first query fails with EMC-3001 if the server is unreachable. The caller disposes it. */
export function openDatabase(options: DatabaseOptions): Database {
  const sockets = createConnectionSockets();
  const own = { applicationName: 'emcachers' };
  const config = { ...poolConfig(options, own), stream: sockets.open };
  const pool = new pg.Pool(config);
  const pagePool = new pg.Pool({ ...pageConfig(options, { ...own, settings: pagePlanner }), stream: sockets.open });
  const { types: _types, ...controlConfig } = config;
  const controlPool = new pg.Pool(controlConfig);
  for (const each of [pool, pagePool, controlPool]) surviveErrors(each, options);
  const schema = schemaOf(options.url);
  const prisma = new PrismaClient({ adapter: new PrismaPg(controlPool, schema === null ? {} : { schema }) });
  return {
    url: options.url,
    pool,
    pagePool,
    prisma,
    ping: async () => {
      try {
        await pool.query('SELECT 1');
      } catch (error) {
        throw toDatabaseError(error);
      }
    },
    close: async () => {
      await prisma.$disconnect();
      await Promise.all([pool.end(), pagePool.end(), controlPool.end()]);
    },
    abandon: () => sockets.destroyAll(),
  };
}

/** Without a listener, an error on a connection, idle or in use, would end the process. A statement in use fails by itself. */
export function surviveErrors(pool: pg.Pool, { onIdleError }: DatabaseOptions): void {
  pool.on('error', (error) => onIdleError?.(error));
  pool.on('connect', (client) => client.on('error', () => undefined));
}

/** The settings that all pools of hot statements share. */
export function poolConfig(options: DatabaseOptions, own: OwnOptions): pg.PoolConfig {
  const { connectionsMax, connectMsMax, statementMsMax, idleTransactionMsMax } = { ...databaseDefaults, ...options };
  return {
    ...connectionConfig(options.url, own),
    max: connectionsMax,
    connectionTimeoutMillis: connectMsMax,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: statementMsMax,
    // The client-side limit, for a server that vanished. It is above the server's limit, whose error names the statement.
    query_timeout: statementMsMax + 5_000,
    idle_in_transaction_session_timeout: idleTransactionMsMax,
    types: { getTypeParser: typeParser },
  };
}

/** The server has the same limit, so that it does not go on with a statement that is sent again. */
function pageConfig(options: DatabaseOptions, own: OwnOptions): pg.PoolConfig {
  const { pageMsMax } = { ...databaseDefaults, ...options };
  return { ...poolConfig(options, own), statement_timeout: pageMsMax, query_timeout: pageMsMax };
}

const pagePlanner = [
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_sort=off',
  'plan_cache_mode=force_generic_plan',
] as const;

const int8 = 20;

/** Parses int8 as a checked number. The driver's default is a string, by which '9' would be greater than '10'. */
function typeParser(oid: number, format?: 'text' | 'binary') {
  if (oid === int8 && format !== 'binary') return safeInteger;
  return pg.types.getTypeParser(oid, format);
}
