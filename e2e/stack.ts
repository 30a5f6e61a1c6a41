import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/**
 * Starts the product exactly as `npm start` does, on free ports and in a folder of its own, without the demo.
 * The tests know it by its addresses alone: CONSOLE_URL, ENGINE_URL, STACK_MONGO_URL, STACK_DATA_DIR.
 * If EMCACHERS_TOKEN is set, the product asks for it, and the same tests run signed in.
 */
const startMsMax = 240_000;
const root = path.resolve(import.meta.dirname, '..');

export default async function startStack(): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'emcachers-e2e-'));
  const [consolePort, enginePort, mongoPort, postgresPort, passagePort] = await freePorts(5);
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    EMCACHERS_DATA_DIR: dataDir,
    EMCACHERS_DEMO: 'off',
    LOG_LEVEL: 'info',
  };
  for (const name of ['MONGO_URL', 'DATABASE_URL']) delete environment[name];
  Object.assign(environment, {
    CONSOLE_PORT: String(consolePort),
    ENGINE_PORT: String(enginePort),
    EMCACHERS_MONGO_PORT: String(mongoPort),
    EMCACHERS_POSTGRES_PORT: String(postgresPort),
    // A second console reaches the engine by this port (`second-console.ts`).
    EMCACHERS_HOSTS: `127.0.0.1:${passagePort}`,
  });
  const child = spawn(process.execPath, [path.join(root, 'scripts/start.ts')], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output = await untilReady(child);
  const mongoUrl = /mongodb:\/\/\S+/.exec(output)?.[0] ?? '';
  Object.assign(process.env, {
    CONSOLE_URL: `http://127.0.0.1:${consolePort}`,
    ENGINE_URL: `http://127.0.0.1:${enginePort}`,
    STACK_MONGO_URL: mongoUrl,
    STACK_DATA_DIR: dataDir,
    STACK_PASSAGE_PORT: String(passagePort),
  });
  return async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  };
}

function untilReady(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(new Error(`The stack did not start in time.\n${output}`)), startMsMax);
    const take = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      if (output.includes('Press Ctrl-C to stop')) finish(null);
    };
    const onExit = (): void => finish(new Error(`The stack ended while it started.\n${output}`));
    function finish(error: Error | null): void {
      clearTimeout(timer);
      child.off('exit', onExit);
      if (error === null) resolve(output);
      else reject(error);
    }
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('exit', onExit);
  });
}

/** Ports that were free a moment ago; all are held until the last is known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
