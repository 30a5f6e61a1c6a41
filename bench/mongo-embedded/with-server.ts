import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Collection, type Document, MongoClient } from 'mongodb';
import { type ServerProcess, startServerProcess } from '../../packages/mongo-embedded/test/server-process.ts';

export interface Target {
  readonly server: ServerProcess;
  readonly client: MongoClient;
  readonly items: Collection<Document>;
}

/** Runs the work against a server process of its own, with its data on disk, and removes both afterwards. */
export async function withServer<T>(work: (target: Target) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mongo-embedded-bench-'));
  try {
    await using server = await startServerProcess(['--path', folder, '--port', '0']);
    await using client = await new MongoClient(server.url).connect();
    return await work({ server, client, items: client.db('bench').collection('items') });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
