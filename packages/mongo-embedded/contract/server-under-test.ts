/**
 * The server that the contract is held against: a replica set named by MONGO_CONTRACT_URL, else a `mongod` started
 * from MONGOD_BINARY, else the embedded server in memory. Tests see a connection string and what the server is, never
 * how it was started; what only the embedded server can do (cutting its history, coming back after a stop) is a hook
 * that is null elsewhere.
 */
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { createMongoServer, type MongoServerOptions } from '../src/mongo-server.ts';
import { startMongod } from './mongod-process.ts';

export interface ServerUnderTest extends AsyncDisposable {
  readonly kind: 'embedded' | 'mongod' | 'given';
  readonly url: string;
  /** A connected client of the server; closed with it. */
  readonly client: MongoClient;
  /** One more client, closed with the server. */
  connect(options?: MongoClientOptions): Promise<MongoClient>;
}

/** Starts or finds the server and connects to it. Environment variables are read here and nowhere else in the suite. */
export async function serverUnderTest(options: Partial<MongoServerOptions> = {}): Promise<ServerUnderTest> {
  const given = process.env['MONGO_CONTRACT_URL'];
  const binary = process.env['MONGOD_BINARY'];
  if (given !== undefined && given !== '') return connectTo('given', given, async () => undefined);
  if (binary !== undefined && binary !== '') {
    const mongod = await startMongod(binary);
    return connectTo('mongod', mongod.url, async () => mongod.stop());
  }
  const server = createMongoServer({ memory: true, port: 0, ...options });
  const { url } = await server.start();
  return connectTo('embedded', url, async () => server.stop());
}

async function connectTo(
  kind: ServerUnderTest['kind'],
  url: string,
  stop: () => Promise<void>,
): Promise<ServerUnderTest> {
  const clients: MongoClient[] = [];
  const connect = async (options: MongoClientOptions = {}): Promise<MongoClient> => {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000, ...options });
    clients.push(client);
    return client.connect();
  };
  const client = await connect();
  return {
    kind,
    url,
    client,
    connect,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map(async (each) => each.close()));
      await stop();
    },
  };
}
