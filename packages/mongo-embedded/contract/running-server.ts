/** Embedded servers that a test starts and stops itself, on data folders of its own. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, type Db, MongoClient } from 'mongodb';
import { createMongoServer, type MongoServer, type MongoServerOptions } from '../src/mongo-server.ts';
import type { Item } from './fresh-database.ts';

/** Whether the contract is held against another server than the embedded one, which cannot be restarted here. */
export const isForeign = Boolean(process.env['MONGO_CONTRACT_URL'] ?? process.env['MONGOD_BINARY']);

export interface RunningServer extends AsyncDisposable {
  readonly server: MongoServer;
  readonly client: MongoClient;
  readonly db: Db;
  readonly items: Collection<Item>;
}

export async function runServer(options: Partial<MongoServerOptions>): Promise<RunningServer> {
  const server = createMongoServer({ port: 0, ...options });
  const { url } = await server.start();
  const client = await new MongoClient(url).connect();
  return {
    server,
    client,
    db: client.db('restart'),
    items: client.db('restart').collection<Item>('items'),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server.stop();
    },
  };
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'mongo-embedded-'));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
}

/** A copy of the folder's files as they are, as a backup or a copied volume has them. */
export async function copyOf(folder: TemporaryFolder): Promise<TemporaryFolder> {
  const copy = await temporaryFolder();
  await cp(folder.path, copy.path, { recursive: true });
  return copy;
}
