import { access, constants } from 'node:fs/promises';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { Requirement } from '@emcachers/core/requirement';
import { type Database, openDatabase } from '@emcachers/db/database';
import { migrate } from '@emcachers/db/migrate';
import { checkPostgres } from '@emcachers/db/requirements/postgres-requirements';
import type { Config } from '../config/config.ts';
import type { MongoSource } from '../pipeline/change-source/change-source.ts';
import { checkMongo } from '../pipeline/change-source/mongo-requirements.ts';
import { createMongoSource } from '../pipeline/change-source/mongo-source.ts';
import { unlessAborted } from '../runtime/abort.ts';
import { makeDirectory } from '../runtime/make-directory.ts';
import { StoppedBeforeStart } from '../runtime/stopped-before-start.ts';

/**
 * Opens what the engine needs at its start: the data directory and PostgreSQL. Each attempt is bounded in time and fails with the
 * name of the variable to change. What no waiting can mend ends the start at once: a refused login, a missing right, a standby.
 * A MongoDB that does not answer is not waited for: the node follows the oplog, and ingest retries. Once the engine runs, it
 * survives the same faults instead of exiting.
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

const retryDelayMs = 250;

export async function openConnections(dependencies: ConnectionsDependencies): Promise<Connections> {
  const { config, clock, log } = dependencies;
  await requireDataDir(config.dataDir);
  const migrated = await insist(dependencies, () => preparePostgres(dependencies));
  if (migrated.applied.length > 0) log.info({ applied: migrated.applied }, 'Applied migrations.');
  const database = openDatabase({
    url: config.databaseUrl,
    ...config.postgres,
    onIdleError: (error) => log.warn({ err: error }, 'An idle PostgreSQL connection failed.'),
  });
  const source = createMongoSource({ url: config.mongoUrl, clock, ...config.mongo, stream: config.stream });
  const close = async (): Promise<void> => {
    await source.close();
    await database.close();
  };
  try {
    if (config.roles.includes('ingest')) await unlessStopped(tryMongo(dependencies), dependencies.signal);
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

async function preparePostgres({ config, log }: ConnectionsDependencies) {
  demand(await checkPostgres(config.databaseUrl), log);
  return migrate(config.databaseUrl);
}

/** A server that does not answer may answer later; anything else ends the start. */
async function tryMongo({ config, log }: ConnectionsDependencies): Promise<void> {
  try {
    demand(await checkMongo({ url: config.mongoUrl, ...config.mongo }), log);
  } catch (error) {
    if (!isServerAway(error)) throw error;
    log.warn(
      { code: error.code, reason: error.detail },
      'MongoDB does not answer at MONGO_URL. The engine starts without it and retries; caches follow the oplog meanwhile.',
    );
  }
}

function demand(requirements: readonly Requirement[], log: Log): void {
  for (const { name, found, outcome } of requirements) {
    if (outcome.kind === 'unmet') throw outcome.error;
    if (outcome.kind === 'doubtful') log.warn({ requirement: name, found }, outcome.why);
  }
}

/** Retries while PostgreSQL is unreachable, until the time limit. Any other error is thrown immediately. */
async function insist<Answer>(
  { config, clock, signal }: ConnectionsDependencies,
  attempt: () => Promise<Answer>,
): Promise<Answer> {
  const endMs = clock.monotonicMs() + (config.failAfterMs ?? config.pace.startWaitMsMax);
  let first: EmcachersError | null = null;
  for (;;) {
    const result = await unlessStopped(answerOrServerAway(attempt), signal);
    if (result.kind === 'answer') return result.answer;
    // The first error names the cause. Later attempts may fail with less specific driver errors.
    first ??= result.error;
    if (clock.monotonicMs() + retryDelayMs > endMs) throw unreachableAtStart(first);
    await clock.sleep(retryDelayMs, signal);
  }
}

/** Throws `StoppedBeforeStart` as soon as a stop is requested. An attempt that is under way ends with the process. */
async function unlessStopped<Answer>(work: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const done = await unlessAborted(
    work.then((answer) => ({ answer })),
    signal,
  );
  if (done === null) throw new StoppedBeforeStart();
  return done.answer;
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

function unreachableAtStart({ code, detail }: EmcachersError): EmcachersError {
  const hint = 'Start the server or correct DATABASE_URL, then restart the engine.';
  return new EmcachersError({ code, detail, hint });
}
