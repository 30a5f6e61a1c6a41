import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { MongoClient } from 'mongodb';
import { type Child, startChild } from './child-process.ts';
import type { StartContext } from './context.ts';
import { StartError } from './settings.ts';

const readyMsMax = 30_000;
const replicaSetName = 'emcachers';

export interface RunningMongo {
  readonly url: string;
  readonly child: Child;
  /** Description for the terminal. */
  readonly label: string;
}

/** Runs `mongod`, if named or on the PATH, as a one-node replica set; else the embedded server. */
export async function startMongo(context: StartContext): Promise<RunningMongo> {
  const binary = findMongod(context);
  return binary === null ? startEmbedded(context) : startMongod(context, binary);
}

function findMongod(context: StartContext): string | null {
  const named = context.settings.mongodBinary;
  if (named !== null) {
    if (existsSync(named)) return named;
    throw new StartError(`EMC-1001: MONGOD_BINARY is ${named}, which does not exist. Correct or unset it.`);
  }
  const folders = (context.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => path.join(folder, 'mongod')).find((file) => existsSync(file)) ?? null;
}

async function startEmbedded(context: StartContext): Promise<RunningMongo> {
  const port = context.settings.mongoPort;
  const folder = path.join(context.settings.dataDir, 'mongo');
  mkdirSync(folder, { recursive: true });
  const child = startChild({
    name: 'mongo',
    command: process.execPath,
    args: [
      '--import',
      context.exitWithParent,
      path.join(context.root, 'packages/mongo-embedded/bin/mongo-embedded.mjs'),
      '--port',
      String(port),
      '--path',
      path.join(folder, 'mongo.sqlite'),
    ],
    env: context.env,
    cwd: context.root,
    logDir: context.logDir,
    logLimits: context.settings.logLimits,
    stopMsMax: context.settings.stopMsMax,
  });
  const url = `mongodb://127.0.0.1:${port}/?replicaSet=${replicaSetName}`;
  await waitForPrimary(child, `mongodb://127.0.0.1:${port}/?directConnection=true`);
  return { url: await withSetName(port, url), child, label: 'embedded MongoDB server (development only)' };
}

async function startMongod(context: StartContext, binary: string): Promise<RunningMongo> {
  const port = context.settings.mongoPort;
  const folder = path.join(context.settings.dataDir, 'mongod');
  mkdirSync(folder, { recursive: true });
  const child = startChild({
    name: 'mongo',
    command: binary,
    args: ['--replSet', replicaSetName, '--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1'],
    env: context.env,
    cwd: context.root,
    logDir: context.logDir,
    logLimits: context.settings.logLimits,
    stopMsMax: context.settings.stopMsMax,
  });
  await waitForPrimary(child, `mongodb://127.0.0.1:${port}/?directConnection=true`, async (client) => {
    await initiate(client, port);
  });
  return {
    url: await withSetName(port, `mongodb://127.0.0.1:${port}/?replicaSet=${replicaSetName}`),
    child,
    label: binary,
  };
}

/** Initiates the replica set. Later starts get error 23, AlreadyInitialized. */
async function initiate(client: MongoClient, port: number): Promise<void> {
  const config = { _id: replicaSetName, members: [{ _id: 0, host: `127.0.0.1:${port}` }] };
  await client
    .db('admin')
    .command({ replSetInitiate: config })
    .catch((error: { code?: number }) => {
      if (error.code !== 23) throw error;
    });
}

async function waitForPrimary(
  child: Child,
  url: string,
  initiateSet: (client: MongoClient) => Promise<void> = async () => {},
): Promise<void> {
  const deadlineMs = performance.now() + readyMsMax;
  while (performance.now() < deadlineMs) {
    if (child.hasEnded()) throw new StartError(await child.ended);
    if (await isPrimary(url, initiateSet, deadlineMs)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new StartError(`MongoDB did not become primary within ${readyMsMax / 1000} s; see logs/mongo.log.`);
}

/** Until the deadline a server that does not answer counts as still starting. */
async function isPrimary(
  url: string,
  initiateSet: (client: MongoClient) => Promise<void>,
  deadlineMs: number,
): Promise<boolean> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1_000 });
  try {
    const hello = await client.db('admin').command({ hello: 1 });
    // The response of a mongod started with --replSet but not initiated. It may be repeated until the set has started.
    if (hello['isreplicaset'] === true) await initiateSet(client);
    return hello['isWritablePrimary'] === true;
  } catch (error) {
    if (performance.now() > deadlineMs) throw error;
    return false;
  } finally {
    await client.close();
  }
}

async function withSetName(port: number, fallback: string): Promise<string> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`);
  try {
    const hello = await client.db('admin').command({ hello: 1 });
    const name: unknown = hello['setName'];
    return typeof name === 'string' ? `mongodb://127.0.0.1:${port}/?replicaSet=${name}` : fallback;
  } finally {
    await client.close();
  }
}
