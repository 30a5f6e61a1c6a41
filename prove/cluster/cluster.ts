import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Database, openDatabase } from '@emcachers/db/database';
import { startEmbeddedPostgres } from '@emcachers/db/embedded-postgres';
import { createMongoServer } from '@emcachers/mongo-embedded';
import { MongoClient } from 'mongodb';
import { createNode, type EngineNode } from './engine-node.ts';

/** Everything that a run needs, in one directory: MongoDB, PostgreSQL, and engines in processes of their own. */
export interface Cluster {
  readonly directory: string;
  /** Beside the proxies. */
  readonly mongo: MongoClient;
  readonly database: Database;
  readonly nodes: readonly EngineNode[];
  /** MongoDB loses its history up to now. */
  cutHistory(): void;
  /** Stops all of it. `keep` leaves the directory for an examination. */
  stop(options: { readonly keep: boolean }): Promise<void>;
}

/** By number of engines: an engine that ingests is always there twice, unless it is alone. */
const roles = ['ingest,replicate,api', 'ingest,replicate,api', 'replicate,api'];

export async function startCluster(engines: number): Promise<Cluster> {
  const directory = await mkdtemp(path.join(tmpdir(), 'emcachers-prove-'));
  const server = createMongoServer({ path: path.join(directory, 'mongo') });
  const { url: mongoUrl } = await server.start();
  const postgres = await startEmbeddedPostgres({
    directory: path.join(directory, 'postgres'),
    port: 0,
    settings: ['fsync=off'],
  });
  const mongo = new MongoClient(mongoUrl);
  const database = openDatabase({ url: postgres.url, connectionsMax: 3 });
  const nodes: EngineNode[] = [];
  for (let index = 0; index < engines; index += 1) {
    const nodeId = `node${index + 1}`;
    const dataDir = path.join(directory, nodeId);
    const place = { nodeId, dataDir, mongoUrl, databaseUrl: postgres.url, roles: roles[index] ?? 'replicate,api' };
    nodes.push(await createNode(place));
  }
  return {
    directory,
    mongo,
    database,
    nodes,
    cutHistory: () => server.cutHistory(),
    async stop({ keep }) {
      for (const node of nodes) await node[Symbol.asyncDispose]();
      await mongo.close();
      await database.close();
      await server.stop();
      await postgres.stop();
      if (!keep) await rm(directory, { recursive: true, force: true });
    },
  };
}
