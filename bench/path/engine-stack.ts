import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { freePort, startEmbeddedPostgres } from '@emcachers/db/embedded-postgres';

/** A complete engine on embedded databases, each in a separate process as in production. */
export interface EngineStack {
  readonly mongoUrl: string;
  readonly engineUrl: string;
  readonly dataDir: string;
  /** Process id of the engine. */
  readonly enginePid: number;
  /** Process id of PostgreSQL's postmaster. */
  readonly postgresPid: number;
  /** Processor seconds and resident bytes of the engine process so far. */
  usage(): Promise<{ cpuSeconds: number; residentBytes: number }>;
  [Symbol.asyncDispose](): Promise<void>;
}

const root = path.resolve(import.meta.dirname, '../..');
const readyMsMax = 60_000;

export async function startEngineStack(): Promise<EngineStack> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'emcachers-bench-'));
  const postgres = await startEmbeddedPostgres({ directory: path.join(dataDir, 'postgres'), port: 0 });
  const mongoPort = await freePort();
  const mongo = run('packages/mongo-embedded/bin/mongo-embedded.mjs', {
    args: ['--port', String(mongoPort), '--path', path.join(dataDir, 'mongo.sqlite')],
    env: {},
  });
  const mongoUrl = `mongodb://127.0.0.1:${mongoPort}/?replicaSet=rs0`;
  const enginePort = await freePort();
  const engineUrl = `http://127.0.0.1:${enginePort}`;
  const engine = run('apps/engine/src/main.ts', {
    args: [],
    env: {
      MONGO_URL: mongoUrl,
      DATABASE_URL: postgres.url,
      EMCACHERS_DATA_DIR: dataDir,
      ENGINE_PORT: String(enginePort),
      LOG_LEVEL: 'warn',
    },
  });
  await untilReady(engine, `${engineUrl}/healthz`);
  return {
    mongoUrl,
    engineUrl,
    dataDir,
    enginePid: engine.pid ?? 0,
    postgresPid: Number.parseInt(readFileSync(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10),
    usage: () => readUsage(engineUrl),
    async [Symbol.asyncDispose]() {
      await end(engine);
      await end(mongo);
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function run(script: string, options: { args: string[]; env: Record<string, string> }): ChildProcess {
  const exitWithParent = pathToFileURL(path.join(root, 'scripts/exit-with-parent.mjs')).href;
  return spawn(process.execPath, ['--import', exitWithParent, path.join(root, script), ...options.args], {
    cwd: root,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function untilReady(engine: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + readyMsMax;
  while (performance.now() < deadline) {
    if (engine.exitCode !== null) throw new Error(`The engine ended with code ${engine.exitCode}.`);
    const ready = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The engine is not ready at ${url}.`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function readUsage(engineUrl: string): Promise<{ cpuSeconds: number; residentBytes: number }> {
  const text = await (await fetch(`${engineUrl}/metrics`)).text();
  const value = (name: string): number =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    cpuSeconds: value('emcachers_process_cpu_seconds_total'),
    residentBytes: value('emcachers_process_resident_bytes'),
  };
}
