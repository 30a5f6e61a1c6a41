/** Runs a `mongod` binary as a one-node replica set in a temporary folder, with test commands enabled. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient, MongoServerError } from 'mongodb';

const START_MS_MAX = 60_000;
/** MongoDB's code for a replica set that has been initiated before. */
const ALREADY_INITIALIZED = 23;

export interface MongodProcess {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startMongod(binary: string): Promise<MongodProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'mongod-contract-'));
  const port = await freePort();
  const child = spawn(
    binary,
    [
      '--replSet',
      'contract',
      '--dbpath',
      folder,
      '--port',
      String(port),
      '--bind_ip',
      '127.0.0.1',
      '--setParameter',
      'enableTestCommands=1',
    ],
    { stdio: 'ignore' },
  );
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await initiate(port);
  } catch (error) {
    await stop();
    throw new Error(`${binary} did not become a primary on port ${port}`, { cause: error });
  }
  return { url: `mongodb://127.0.0.1:${port}/?replicaSet=contract`, stop };
}

async function initiate(port: number): Promise<void> {
  const deadline = AbortSignal.timeout(START_MS_MAX);
  await using client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`);
  await client.connect();
  const admin = client.db('admin');
  const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
  await admin.command({ replSetInitiate: { _id: 'contract', members } }).catch((error: unknown) => {
    if (!(error instanceof MongoServerError) || error.code !== ALREADY_INITIALIZED) throw error;
  });
  while (!(await admin.command({ hello: 1 }))['isWritablePrimary']) {
    deadline.throwIfAborted();
    await delay(100);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}
