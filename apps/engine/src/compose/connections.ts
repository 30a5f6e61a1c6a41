import { access, constants } from 'node:fs/promises';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { type Database, openDatabase } from '@emcachers/db/database';
import { migrate } from '@emcachers/db/migrate';
import type { Config } from '../config/config.ts';
import type { MongoSource } from '../pipeline/change-source/change-source.ts';
import { createMongoSource } from '../pipeline/change-source/mongo-source.ts';
import { makeDirectory } from '../runtime/make-directory.ts';

/**
 * Opens what the engine needs at its start: the data directory, PostgreSQL and MongoDB. Each attempt is bounded in time and fails
 * with the name of the variable to change. Once the engine runs, it survives the same faults instead of exiting.
 */
export interface Connections {
  readonly database: Database;
  readonly source: MongoSource;
  close(): Promise<void>;
}

export interface ConnectionsDependencies {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Long enough for a server that starts together with the engine, short enough for an operator who mistyped its address. */
const startWaitMsMax = 10_000;
const retryDelayMs = 250;

export async function openConnections(dependencies: ConnectionsDependencies): Promise<Connections> {
  const { config, clock, log } = dependencies;
  await requireDataDir(config.dataDir);
  const migrated = await insist({ ...dependencies, variable: 'DATABASE_URL' }, () => migrate(config.databaseUrl));
  if (migrated.applied.length > 0) log.info({ applied: migrated.applied }, 'Applied migrations.');
  const database = openDatabase({
    url: config.databaseUrl,
    onIdleError: (error) => log.warn({ err: error }, 'An idle PostgreSQL connection failed.'),
  });
  const source = createMongoSource({ url: config.mongoUrl, clock, selectionMsMax: 3_000 });
  const close = async (): Promise<void> => {
    await source.close();
    await database.close();
  };
  try {
    // A node that does not ingest starts without MongoDB.
    if (config.roles.includes('ingest'))
      await insist({ ...dependencies, variable: 'MONGO_URL' }, () => source.describe());
  } catch (error) {
    await close();
    throw error;
  }
  return { database, source, close };
}

async function requireDataDir(dataDir: string): Promise<void> {
  try {
    makeDirectory(dataDir);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new EmcachersError({
      code: 'EMC-1003',
      detail: `EMCACHERS_DATA_DIR is ${dataDir}, which is not usable: ${words}`,
      cause,
    });
  }
}

interface Insistence extends ConnectionsDependencies {
  readonly variable: 'MONGO_URL' | 'DATABASE_URL';
}

/** Retries while the server is unreachable, until the time limit. Any other error is thrown immediately. */
async function insist<Answer>(
  { clock, signal, variable }: Insistence,
  attempt: () => Promise<Answer>,
): Promise<Answer> {
  const endMs = clock.monotonicMs() + startWaitMsMax;
  let first: EmcachersError | null = null;
  for (;;) {
    const result = await answerOrServerAway(attempt);
    if (result.kind === 'answer') return result.answer;
    // The first error names the cause. Later attempts may fail with less specific driver errors.
    first ??= result.error;
    if (signal.aborted || clock.monotonicMs() + retryDelayMs > endMs) throw unreachableAtStart(first, variable);
    await clock.sleep(retryDelayMs, signal);
  }
}

async function answerOrServerAway<Answer>(
  attempt: () => Promise<Answer>,
): Promise<{ kind: 'answer'; answer: Answer } | { kind: 'server-away'; error: EmcachersError }> {
  try {
    return { kind: 'answer', answer: await attempt() };
  } catch (error) {
    if (!isServerAway(error)) throw error;
    return { kind: 'server-away', error };
  }
}

function isServerAway(error: unknown): error is EmcachersError {
  return error instanceof EmcachersError && (error.code === 'EMC-2001' || error.code === 'EMC-3001');
}

function unreachableAtStart({ code, detail }: EmcachersError, variable: Insistence['variable']): EmcachersError {
  const hint = `Start the server or correct ${variable}, then restart the engine.`;
  return new EmcachersError({ code, detail, hint });
}
