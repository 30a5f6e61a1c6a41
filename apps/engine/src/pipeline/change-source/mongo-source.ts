/**
 * Implements the contract of `change-source.ts` with one driver client. The driver is used only in this folder; its options
 * are in `mongo-client.ts`.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { type MongoClient, MongoError } from 'mongodb';
import type { MongoSource } from './change-source.ts';
import type { ServerFacts } from './change-source-types.ts';
import { type ChangeStreamOptions, changeStreamDefaults } from './change-stream-options.ts';
import { checkFilter } from './check-filter.ts';
import { readCollectionPage } from './collection-page.ts';
import { countDocuments, readKeyedDocuments } from './keyed-documents.ts';
import { openChangeStream } from './mongo-change-stream.ts';
import { createMongoClient, isDnsError, isFileError, type MongoClientDependencies } from './mongo-client.ts';
import { runPlain, toClusterTime } from './mongo-commands.ts';
import { collectionFacts, estimatedDocuments, listSourceCollections, sampleSource } from './source-collections.ts';
import { findChange, readSourceId } from './source-identity.ts';
import { readSourceOplog } from './source-oplog.ts';
import { unreachableError } from './stream-errors.ts';
import { everyChangePipeline } from './stream-pipeline.ts';

export interface MongoSourceDependencies extends MongoClientDependencies {
  readonly clock: Clock;
  readonly stream?: Partial<ChangeStreamOptions>;
}

/** Creates the client without connecting; the first call connects. Throws EMC-1001 if the URL is invalid. */
export function createMongoSource(dependencies: MongoSourceDependencies): MongoSource {
  const client = createMongoClient(dependencies);
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
    readOplog: () => readSourceOplog(client),
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
    throw toDescribeError(error);
  }
}

function toDescribeError(error: unknown): unknown {
  if (error instanceof MongoError || isDnsError(error)) return unreachableError(error);
  if (!isFileError(error)) return error;
  return new EmcachersError({ code: 'EMC-1001', detail: `MONGO_URL: ${error.message}`, cause: error });
}
