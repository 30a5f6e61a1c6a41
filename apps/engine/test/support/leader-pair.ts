import path from 'node:path';
import { type Database, openDatabase } from '@emcachers/db/database';
import { type ApiClient, eventually } from './api-client.ts';
import { type EngineProcess, startEngineProcess } from './engine-process.ts';
import { type FaultProxy, faultProxy } from './fault-proxy.ts';
import type { Stack } from './stack.ts';

/** One of two engines, each with its own way to PostgreSQL. */
export interface PairedEngine {
  readonly nodeId: string;
  readonly dataDir: string;
  readonly proxy: FaultProxy;
  process: EngineProcess;
  api: ApiClient;
}

export interface LeaderPair extends AsyncDisposable {
  readonly database: Database;
  readonly engines: readonly PairedEngine[];
  /** Waits until one leads and the other stands by. */
  settled(): Promise<{ readonly leader: PairedEngine; readonly standby: PairedEngine; readonly epoch: number }>;
  restart(engine: PairedEngine): Promise<void>;
}

/** Two engine processes on one database and one MongoDB. */
export async function startLeaderPair(stack: Stack): Promise<LeaderPair> {
  const database = openDatabase({ url: stack.databaseUrl, connectionsMax: 2 });
  const start = (engine: Pick<PairedEngine, 'nodeId' | 'dataDir' | 'proxy'>): EngineProcess => {
    const url = new URL(stack.databaseUrl);
    url.host = `127.0.0.1:${engine.proxy.port}`;
    return startEngineProcess(
      stack.environment({
        DATABASE_URL: url.href,
        EMCACHERS_NODE_ID: engine.nodeId,
        EMCACHERS_DATA_DIR: engine.dataDir,
        NODE_OPTIONS: '--inspect=127.0.0.1:0',
      }),
    );
  };
  const engines: PairedEngine[] = [];
  for (const nodeId of ['first', 'second']) {
    const proxy = await faultProxy(Number(new URL(stack.databaseUrl).port));
    const place = { nodeId, proxy, dataDir: path.join(stack.dataDir, '..', nodeId) };
    const process = start(place);
    engines.push({ ...place, process, api: await process.ready });
  }
  return {
    database,
    engines,
    settled: () =>
      eventually(async () => {
        const { nodeId, epoch, candidates } = await readRow(database);
        const leader = engines.find((engine) => engine.nodeId === nodeId);
        const standby = engines.find((engine) => engine.nodeId !== nodeId);
        return leader === undefined || standby === undefined || candidates < 2 ? null : { leader, standby, epoch };
      }, 'one engine to lead and the other to stand by'),
    async restart(engine) {
      engine.process = start(engine);
      engine.api = await engine.process.ready;
    },
    async [Symbol.asyncDispose]() {
      for (const { process, proxy } of engines) {
        await process[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      }
      await database.close();
    },
  };
}

async function readRow(database: Database) {
  const answer = await database.pool.query<{ nodeId: string | null; epoch: number; candidates: number }>(
    `SELECT node_id AS "nodeId", epoch,
            (SELECT count(*) FROM pg_stat_activity
              WHERE application_name = 'emcachers lease' AND datname = current_database()) AS candidates
       FROM leader WHERE stream_id = 1`,
  );
  return answer.rows[0] ?? { nodeId: null, epoch: 0, candidates: 0 };
}
