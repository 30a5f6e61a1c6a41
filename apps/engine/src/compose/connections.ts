import { access, constants } from 'node:fs/promises';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { type Database, openDatabase } from '@emcachers/db/database';
import { migrate } from '@emcachers/db/migrate';
import type { Config } from '../config/config.ts';
import type { MongoSource } from '../pipeline/change-source/change-source.ts';
import { createMongoSource } from '../pipeline/change-source/mongo-source.ts';
import { isLoginRefused } from '../pipeline/change-source/stream-errors.ts';
import { makeDirectory } from '../runtime/make-directory.ts';

/**
 * Opens what the engine needs at its start: the data directory and PostgreSQL. Each attempt is bounded in time and fails with the
 * name of the variable to change. A MongoDB that does not answer is not waited for: the node follows the oplog, and ingest
 * retries. Once the engine runs, it survives the same faults instead of exiting.
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
    if (config.roles.includes('ingest')) await tryMongo(source, dependencies);
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

/** A wrong setting (EMC-1001, EMC-2002, a refused login) ends the start; a server that does not answer may answer later. */
async function tryMongo(source: MongoSource, { log }: ConnectionsDependencies): Promise<void> {
  try {
    await source.describe();
  } catch (error) {
    if (!isServerAway(error)) throw error;
    if (isLoginRefused(error)) throw unreachableAtStart(error, 'MONGO_URL');
    log.warn(
      { code: error.code, reason: error.detail },
      'MongoDB does not answer at MONGO_URL. The engine starts without it and retries; caches follow the oplog meanwhile.',
    );
  }
}

interface Insistence extends ConnectionsDependencies {
  readonly variable: 'MONGO_URL' | 'DATABASE_URL';
}

/** Retries while the server is unreachable, until the time limit. Any other error is thrown immediately. */
async function insist<Answer>(
  { config, clock, signal, variable }: Insistence,
  attempt: () => Promise<Answer>,
): Promise<Answer> {
  const endMs = clock.monotonicMs() + (config.failAfterMs ?? startWaitMsMax);
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
