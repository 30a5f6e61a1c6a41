/** A replica set of three members for one test, and clients of it. */
import { MongoClient, type MongoClientOptions } from 'mongodb';
import {
  createMongoReplicaSet,
  type MongoReplicaSet,
  type MongoReplicaSetOptions,
} from '../../src/mongo-replica-set.ts';

export interface RunningSet extends AsyncDisposable {
  readonly set: MongoReplicaSet;
  readonly url: string;
  readonly client: MongoClient;
  connect(options?: MongoClientOptions): Promise<MongoClient>;
  /** A client of one member alone, whatever its role. */
  direct(member: number, options?: MongoClientOptions): Promise<MongoClient>;
}

/** Starts the set and connects a client to it. Leases are so long that a test decides when they end, unless it says otherwise. */
export async function startSet(options: Partial<MongoReplicaSetOptions> = {}): Promise<RunningSet> {
  const set = createMongoReplicaSet({
    ...(options.path === undefined ? { memory: true } : {}),
    electionMs: 50,
    leaseMs: 60_000,
    ...options,
  });
  const { url, ports } = await set.start();
  const clients: MongoClient[] = [];
  const open = async (address: string, given: MongoClientOptions): Promise<MongoClient> => {
    const client = new MongoClient(address, { serverSelectionTimeoutMS: 10_000, ...given });
    clients.push(client);
    return client.connect();
  };
  return {
    set,
    url,
    client: await open(url, {}),
    connect: (given = {}) => open(url, given),
    direct: (member, given = {}) => open(`mongodb://127.0.0.1:${ports[member]}/?directConnection=true`, given),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map(async (client) => client.close()));
      await set.stop();
    },
  };
}

/** Waits until the condition holds; fails after 20 s. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`did not become true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
