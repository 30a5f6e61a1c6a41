import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createTestDatabase } from '@emcachers/db/testing';
import { createMongoServer } from '@emcachers/mongo-embedded';
import { MongoClient } from 'mongodb';
import { onTestFailed } from 'vitest';
import { type Engine, startEngine } from '../../src/engine.ts';
import { createLog } from '../../src/observability/log.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { ApiClient } from './api-client.ts';
import { checkConfig } from './check-config.ts';
import { testRandom } from './test-random.ts';

/**
 * Real servers around an engine: a PostgreSQL database of its own, a MongoDB (the embedded one, or the replica set that
 * EMCACHERS_TEST_MONGO_URL names) and a data directory; all gone when disposed.
 */
export interface Stack extends AsyncDisposable {
  readonly mongoUrl: string;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly mongo: MongoClient;
  /** Null where the MongoDB is not ours to play with. */
  cutHistory: (() => void) | null;
  /** What the engine's configuration reads. */
  environment(extra?: Record<string, string>): Record<string, string>;
  /** Starts an engine in this process on a free port; disposing it stops it. */
  engine(extra?: Record<string, string>): Promise<RunningEngine>;
}

export interface RunningEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly api: ApiClient;
  readonly logLines: readonly string[];
}

export interface StackOptions {
  /** Size at which the embedded MongoDB removes its oldest history. Default: the server's. */
  readonly historyBytesMax?: number;
}

export async function createStack(options: StackOptions = {}): Promise<Stack> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'emcachers-engine-'));
  const database = await createTestDatabase();
  const server = await startMongo(path.join(dataDir, 'mongo'), options);
  const mongo = new MongoClient(server.url);
  const environment = (extra: Record<string, string> = {}): Record<string, string> => ({
    MONGO_URL: server.url,
    DATABASE_URL: database.url,
    EMCACHERS_DATA_DIR: path.join(dataDir, 'engine'),
    EMCACHERS_NODE_ID: 'test-node',
    ENGINE_PORT: '0',
    LOG_LEVEL: 'info',
    ...extra,
  });
  return {
    mongoUrl: server.url,
    databaseUrl: database.url,
    dataDir: path.join(dataDir, 'engine'),
    mongo,
    cutHistory: server.cutHistory,
    environment,
    engine: (extra) => runEngine(environment(extra)),
    async [Symbol.asyncDispose]() {
      await mongo.close();
      await server.stop();
      await database[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Lines of an engine's log that a failed test prints. */
const logLinesShown = 60;

async function runEngine(environment: Record<string, string>): Promise<RunningEngine> {
  const logLines: string[] = [];
  const log = createLog(environment['LOG_LEVEL'] ?? 'info', { write: (line) => logLines.push(line) });
  onTestFailed(() => {
    process.stderr.write(`The engine's last lines:\n${logLines.slice(-logLinesShown).join('')}`);
  });
  const config = checkConfig(environment, '/');
  const signal = new AbortController().signal;
  const engine = await startEngine({ config, clock: systemClock, log, random: testRandom(), signal });
  let stopped = false;
  return {
    engine,
    api: new ApiClient(engine.url),
    logLines,
    async [Symbol.asyncDispose]() {
      if (stopped) return;
      stopped = true;
      const hung = await engine.stop();
      if (hung.length > 0) throw new Error(`These parts did not end: ${hung.join(', ')}\n${logLines.join('')}`);
    },
  };
}

interface MongoForTest {
  readonly url: string;
  readonly cutHistory: (() => void) | null;
  stop(): Promise<void>;
}

async function startMongo(folder: string, options: StackOptions): Promise<MongoForTest> {
  const given = process.env['EMCACHERS_TEST_MONGO_URL'];
  if (given !== undefined && given !== '') return { url: given, cutHistory: null, stop: async () => {} };
  const server = createMongoServer({ path: folder, ...options });
  const { url } = await server.start();
  return { url, cutHistory: () => server.cutHistory(), stop: () => server.stop() };
}
