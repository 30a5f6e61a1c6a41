import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { toDatabaseError } from './database-error.ts';
import { PrismaClient } from './generated/client.ts';
import { safeInteger } from './safe-integer.ts';

/**
 * Connections to PostgreSQL: a pool for the hot statements, one for pages of the oplog, and one that Prisma uses for the
 * control tables, so that a slow page of the console never holds up an append. Dead peers are noticed: TCP keep-alive on both ends, and a limit on
 * every wait. A connection that breaks while idle is dropped and made again; only `onIdleError` hears of it.
 */
export interface Database {
  readonly url: string;
  readonly pool: pg.Pool;
  /** For pages of the oplog alone: its planner always reads the partitions' indexes in id order, see `read-page.ts`. */
  readonly pagePool: pg.Pool;
  readonly prisma: PrismaClient;
  /** EMC-3001 unless the server answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Most connections of each of the three pools. Default 6: appending, promoting, scanning, and spares. */
  readonly connectionsMax?: number;
  /** Longest wait for one statement. Default 5 minutes: a sweep reads a whole partition. */
  readonly statementMsMax?: number;
  /** Longest wait for a connection. Default 10 s. */
  readonly connectMsMax?: number;
  readonly onIdleError?: (error: Error) => void;
}

export function openDatabase(options: DatabaseOptions): Database {
  const statementMsMax = options.statementMsMax ?? 300_000;
  const config: pg.PoolConfig = {
    connectionString: options.url,
    max: options.connectionsMax ?? 6,
    connectionTimeoutMillis: options.connectMsMax ?? 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: statementMsMax,
    // The client's own limit, for a server that has gone without a word; above the server's, which names the statement.
    query_timeout: statementMsMax + 5_000,
    idle_in_transaction_session_timeout: 60_000,
    application_name: 'emcachers',
    types: { getTypeParser: typeParser },
  };
  const pool = new pg.Pool(config);
  const pagePool = new pg.Pool({ ...config, options: pagePlannerOptions });
  const { types: _types, ...controlConfig } = config;
  const controlPool = new pg.Pool(controlConfig);
  // Without a listener the error of an idle connection would end the process.
  for (const each of [pool, pagePool, controlPool]) each.on('error', (error) => options.onIdleError?.(error));
  const prisma = new PrismaClient({ adapter: new PrismaPg(controlPool) });
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
  };
}

const pagePlannerOptions = [
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_sort=off',
  'plan_cache_mode=force_generic_plan',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

const int8 = 20;

/** int8 becomes a checked number once, here: as the driver's string, '9' would be greater than '10'. */
function typeParser(oid: number, format?: 'text' | 'binary') {
  if (oid === int8 && format !== 'binary') return safeInteger;
  return pg.types.getTypeParser(oid, format);
}
