/**
 * MongoDB as the engine sees it: one driver client behind the contract of `change-source.ts`. Why it exists: the driver is
 * used in this folder only, with options under which no reply is ever decoded into user data by accident (I13).
 * The worst that can happen: a wrong option here changes values silently, so they are all written down below.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { MongoClient, type MongoClientOptions, MongoError } from 'mongodb';
import type { MongoSource } from './change-source.ts';
import type { ServerFacts } from './change-source-types.ts';
import { readCollectionPage } from './collection-page.ts';
import { type ChangeStreamOptions, changeStreamDefaults, openChangeStream } from './mongo-change-stream.ts';
import { runPlain, toClusterTime } from './mongo-commands.ts';
import { collectionFacts, estimatedDocuments, listSourceCollections, sampleSource } from './source-collections.ts';
import { unreachableError } from './stream-errors.ts';

export interface MongoSourceDependencies {
  /** The value of MONGO_URL. */
  readonly url: string;
  readonly clock: Clock;
  readonly stream?: Partial<ChangeStreamOptions>;
  /** How long a call waits for a primary before it fails. */
  readonly selectionMsMax?: number;
}

/** Makes the client without connecting: the first call connects. Throws EMC-1001 when the URL cannot be read. */
export function createMongoSource(dependencies: MongoSourceDependencies): MongoSource {
  const client = createClient(dependencies);
  const options = { ...changeStreamDefaults, ...dependencies.stream };
  return {
    describe: () => describe(client),
    operationTime: async () =>
      toClusterTime((await runPlain({ client, database: 'admin' }, { ping: 1 }))['operationTime']),
    openStream: (request) => openChangeStream({ client, clock: dependencies.clock, options }, request),
    collectionFacts: (namespace) => collectionFacts(client, namespace),
    estimatedDocuments: (namespace) => estimatedDocuments(client, namespace),
    readPage: (request) => readCollectionPage(client, request),
    listCollections: () => listSourceCollections(client),
    sample: (namespace, limit) => sampleSource(client, { namespace, limit }),
    close: () => client.close(),
  };
}

function createClient({ url, selectionMsMax = 5000 }: MongoSourceDependencies): MongoClient {
  const options: MongoClientOptions = {
    appName: 'emcachers',
    serverSelectionTimeoutMS: selectionMsMax,
    connectTimeoutMS: selectionMsMax,
    maxPoolSize: 10,
    // After a step-down the driver knows no server until its next heartbeat, by default 10 s away.
    heartbeatFrequencyMS: 2000,
    // Defence in depth: nothing here decodes user documents, and if something did, these must not throw (PCRE patterns,
    // text that is not UTF-8).
    bsonRegExp: true,
    enableUtf8Validation: false,
    ignoreUndefined: false,
  };
  try {
    return new MongoClient(url, options);
  } catch (error) {
    // The driver's message can repeat parts of the URL; the part before the @ may be a password.
    const message = error instanceof Error ? error.message.replaceAll(/\/\/[^@/]*@/g, '//…@') : String(error);
    throw new EmcachersError({ code: 'EMC-1001', detail: `MONGO_URL: ${message}`, cause: error });
  }
}

async function describe(client: MongoClient): Promise<ServerFacts> {
  const target = { client, database: 'admin' };
  try {
    const hello = await runPlain(target, { hello: 1 });
    const { version } = await runPlain(target, { buildInfo: 1 });
    const setName = typeof hello['setName'] === 'string' ? hello['setName'] : null;
    const isSharded = hello['msg'] === 'isdbgrid';
    if (setName === null && !isSharded)
      throw new EmcachersError({
        code: 'EMC-2002',
        detail: 'MONGO_URL: the server there runs alone, without a replica set.',
      });
    return { setName, version: String(version), isSharded };
  } catch (error) {
    throw error instanceof MongoError ? unreachableError(error) : error;
  }
}
