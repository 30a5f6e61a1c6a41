/** Creates the entities of `createEntities`: from a file, or from the operation of that name. */
import { type ClientSession, type Document, GridFSBucket, MongoClient, type Timestamp } from 'mongodb';
import { ClientEvents, isEventName } from './client-events.ts';
import { ClientLogs } from './client-logs.ts';
import { withUriOptions } from './connection-string.ts';
import { toConcerns, toSessionOptions } from './driver-options.ts';
import type { Entities } from './entities.ts';
import { OutOfScope } from './out-of-scope.ts';
import { TestThread } from './test-thread.ts';
import { waitUntil } from './wait-until.ts';

export interface EntityTarget {
  readonly entities: Entities;
  /** Connection string of the server under test, without the options of single clients. */
  readonly url: string;
}

type Creator = (options: Document, target: EntityTarget) => Promise<void> | void;

/** Looks at the server come as often as the driver allows, so that a client soon sees that it is back after an error. */
const HEARTBEATS = { heartbeatFrequencyMS: 500, minHeartbeatFrequencyMS: 50 };

/** Creates the entities in order; a client connects with its first operation. */
export async function createEntities(definitions: readonly Document[], target: EntityTarget): Promise<void> {
  for (const definition of definitions) {
    const entries = Object.entries(definition);
    const [kind = '', options] = entries[0] ?? [];
    const create = CREATORS[kind];
    if (create === undefined || entries.length !== 1) throw new Error(`the runner does not know the entity ${kind}`);
    await create(options as Document, target);
  }
}

const CREATORS: Readonly<Record<string, Creator>> = {
  client: async (options, target) => createClient(options, target),
  database: ({ id, client, databaseName, databaseOptions, ...rest }, { entities }) => {
    refuseRest('database', rest);
    entities.set(id, entities.client(client).db(databaseName, toConcerns(databaseOptions)));
  },
  collection: ({ id, database, collectionName, collectionOptions, ...rest }, { entities }) => {
    refuseRest('collection', rest);
    entities.set(id, entities.database(database).collection(collectionName, toConcerns(collectionOptions)));
  },
  session: ({ id, client, sessionOptions, ...rest }, { entities }) => {
    refuseRest('session', rest);
    const { snapshotTime, ...options } = (sessionOptions ?? {}) as Document;
    const session = entities.client(client).startSession(toSessionOptions(options));
    if (snapshotTime !== undefined) readAt(session, entities.bsonEntity(String(snapshotTime)) as Timestamp);
    entities.set(id, session);
  },
  bucket: ({ id, database, bucketOptions, ...rest }, { entities }) => {
    refuseRest('bucket', rest);
    entities.set(id, new GridFSBucket(entities.database(database), toConcerns(bucketOptions)));
  },
  thread: ({ id, ...rest }, { entities }) => {
    refuseRest('thread', rest);
    entities.set(id, new TestThread());
  },
  clientEncryption: () => {
    throw new OutOfScope('client-side encryption needs libmongocrypt, which is not installed');
  },
};

async function createClient(definition: Document, { entities, url }: EntityTarget): Promise<void> {
  const { id, uriOptions = {}, serverApi, autoEncryptOpts, awaitMinPoolSizeMS, ...observing } = definition;
  const { observeTracingMessages, observeLogMessages, ...rest } = observing;
  if (autoEncryptOpts !== undefined) throw new OutOfScope('client-side encryption needs libmongocrypt');
  if (observeTracingMessages !== undefined) throw new OutOfScope('the driver does not report OpenTelemetry spans');
  const logs = new ClientLogs();
  const client = new MongoClient(withUriOptions(url, uriOptions), {
    monitorCommands: true,
    ...('heartbeatFrequencyMS' in uriOptions ? {} : HEARTBEATS),
    ...(serverApi === undefined ? {} : { serverApi }),
    ...(observeLogMessages === undefined ? {} : logs.optionsFor(observeLogMessages)),
  });
  const events = createEvents(client, rest, entities);
  entities.setClient(id, client, { events, logs });
  if (observesTopology(rest)) void client.connect().catch(() => undefined);
  if (awaitMinPoolSizeMS === undefined) return;
  await client.connect();
  await waitUntil(() => events.connectionsReady >= client.options.minPoolSize, {
    timeoutMs: Number(awaitMinPoolSizeMS),
    what: 'the pool to reach its smallest size',
  });
  events.forget();
}

/** The driver connects with a client's first operation, but such a test may wait for its events before that. */
function observesTopology({ observeEvents = [] }: Document): boolean {
  return (observeEvents as string[]).some((name) => /^(server|topology)/.test(name));
}

/** `useMultipleMongoses` says something of sharded clusters only. */
function createEvents(client: MongoClient, definition: Document, entities: Entities): ClientEvents {
  const { observeEvents = [], ignoreCommandMonitoringEvents = [], observeSensitiveCommands, ...others } = definition;
  const { storeEventsAsEntities = [], useMultipleMongoses: _, ...rest } = others;
  refuseRest('client', rest);
  const unknown = (observeEvents as string[]).find((name) => !isEventName(name));
  if (unknown !== undefined) throw new Error(`the runner does not know the event ${unknown}`);
  const stores = (storeEventsAsEntities as Document[]).map(({ id, events }) => {
    const list: Document[] = [];
    entities.set(String(id), list);
    return { names: events as string[], list };
  });
  return new ClientEvents(client, {
    observe: observeEvents,
    ignoreCommands: ignoreCommandMonitoringEvents,
    observeSensitive: observeSensitiveCommands === true,
    stores,
  });
}

/** The driver has no option for the time of a snapshot, but it sends the one that a session holds. */
function readAt(session: ClientSession, time: Timestamp): void {
  Reflect.set(session, 'snapshotTime', time);
}

function refuseRest(kind: string, rest: Document): void {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new Error(`the runner does not know ${unknown} of the entity ${kind}`);
}
