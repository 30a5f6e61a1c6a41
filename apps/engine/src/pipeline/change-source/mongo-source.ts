/**
 * Implements the contract of `change-source.ts` with one driver client. The driver is used only in this folder, with options
 * that never decode user data by accident (I13). Worst case: a wrong option here changes values silently, so every option is
 * listed explicitly below.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { MongoClient, type MongoClientOptions, MongoError } from 'mongodb';
import type { MongoSource } from './change-source.ts';
import type { ServerFacts } from './change-source-types.ts';
import { checkFilter } from './check-filter.ts';
import { readCollectionPage } from './collection-page.ts';
import { countDocuments, readKeyedDocuments } from './keyed-documents.ts';
import { type ChangeStreamOptions, changeStreamDefaults, openChangeStream } from './mongo-change-stream.ts';
import { runPlain, toClusterTime } from './mongo-commands.ts';
import { collectionFacts, estimatedDocuments, listSourceCollections, sampleSource } from './source-collections.ts';
import { findChange, readSourceId } from './source-identity.ts';
import { unreachableError } from './stream-errors.ts';
import { everyChangePipeline } from './stream-pipeline.ts';

export interface MongoSourceDependencies {
  /** The value of MONGO_URL. */
  readonly url: string;
  readonly clock: Clock;
  readonly stream?: Partial<ChangeStreamOptions>;
  /** How long a call waits for a primary before it fails, milliseconds. */
  readonly selectionMsMax?: number;
}

/** Creates the client without connecting; the first call connects. Throws EMC-1001 if the URL is invalid. */
export function createMongoSource(dependencies: MongoSourceDependencies): MongoSource {
  const client = createClient(dependencies);
  const options = { ...changeStreamDefaults, ...dependencies.stream };
  return {
    describe: () => describe(client),
    findChange: (token, signal) => {
      const request = { pipeline: everyChangePipeline(), signal };
      return findChange(
        (position) => openChangeStream({ client, clock: dependencies.clock, options }, { ...request, position }),
        token,
      );
    },
    operationTime: async () =>
      toClusterTime((await runPlain({ client, database: 'admin' }, { ping: 1 }))['operationTime']),
    openStream: (request) => openChangeStream({ client, clock: dependencies.clock, options }, request),
    collectionFacts: (namespace) => collectionFacts(client, namespace),
    estimatedDocuments: (namespace) => estimatedDocuments(client, namespace),
    readPage: (request) => readCollectionPage(client, request),
    checkFilter: (request) => checkFilter(client, request),
    readDocuments: (request) => readKeyedDocuments(client, request),
    countDocuments: (request) => countDocuments(client, request),
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
    // After a step-down the driver finds the new primary at its next heartbeat, by default up to 10 s later.
    heartbeatFrequencyMS: 2000,
    // Nothing here decodes user documents. If a future change does, PCRE patterns and text that is not UTF-8 must not
    // make it throw.
    bsonRegExp: true,
    enableUtf8Validation: false,
    ignoreUndefined: false,
  };
  try {
    return new MongoClient(url, options);
  } catch (error) {
    // The driver's message may quote the URL, and the part before the @ may be a password.
    const message = error instanceof Error ? error.message.replaceAll(/\/\/[^@/]*@/g, '//…@') : String(error);
    throw new EmcachersError({ code: 'EMC-1001', detail: `MONGO_URL: ${message}`, cause: error });
  }
}

async function describe(client: MongoClient): Promise<ServerFacts> {
  const target = { client, database: 'admin' };
  try {
    // A client whose first connection failed stays closed until it is asked to connect again; a connected one does nothing here.
    await client.connect();
    const hello = await runPlain(target, { hello: 1 });
    const { version } = await runPlain(target, { buildInfo: 1 });
    const setName = typeof hello['setName'] === 'string' ? hello['setName'] : null;
    const isSharded = hello['msg'] === 'isdbgrid';
    if (setName === null && !isSharded)
      throw new EmcachersError({
        code: 'EMC-2002',
        detail: 'MONGO_URL names a standalone server. Change streams need a replica set or a sharded cluster.',
      });
    const sourceId = await readSourceId(client, isSharded);
    return { sourceId, setName, version: String(version), isSharded };
  } catch (error) {
    if (error instanceof MongoError) throw unreachableError(error);
    throw isFileError(error)
      ? new EmcachersError({ code: 'EMC-1001', detail: `MONGO_URL: ${error.message}`, cause: error })
      : error;
  }
}

/** The driver opens the files of the TLS options only when it connects, and passes on what the file system says. */
function isFileError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && error.syscall === 'open';
}
