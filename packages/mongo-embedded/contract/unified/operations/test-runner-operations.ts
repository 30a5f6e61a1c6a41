/** Operations of unified tests on the test runner itself: fail points, assertions and waiting. */
import { type ClientSession, type Document, MongoClient } from 'mongodb';
import { createEntities } from '../create-entities.ts';
import { matchesEvent } from '../match-events.ts';
import { ValueMatcher } from '../match-value.ts';
import { OutOfScope } from '../out-of-scope.ts';
import type { UnifiedOperation } from '../unified-file.ts';
import { waitUntil } from '../wait-until.ts';
import type { OperationContext, OperationHandler } from './operation.ts';

/** How long an awaited event may take; the format asks for ten seconds. */
const WAIT_MS_MAX = 10_000;

const FAIL_POINTS: Readonly<Record<string, OperationHandler>> = {
  failPoint: async ({ entities }, { client, failPoint }) =>
    entities
      .client(String(client))
      .db('admin')
      .command(failPoint as Document),
  targetedFailPoint: (_, { session }) => {
    const pinned: unknown = Reflect.get(session as object, 'pinnedConnection');
    if (pinned === undefined) throw new Error('targetedFailPoint: the session is not pinned');
    throw new OutOfScope('a fail point on a pinned connection needs a sharded or load-balanced deployment');
  },
};

const SESSIONS: Readonly<Record<string, OperationHandler>> = {
  assertSessionTransactionState: (_, { session, state }) => {
    const found = stateOf(Reflect.get(session as object, 'transaction'));
    assert(found === state, `expected transaction state ${state}, got ${found}`);
  },
  assertSessionPinned: (_, { session }) => assert((session as ClientSession).isPinned, 'expected a pinned session'),
  assertSessionUnpinned: (_, { session }) =>
    assert(!(session as ClientSession).isPinned, 'expected an unpinned session'),
  assertSessionDirty: (_, { session }) => assert(isDirty(session as ClientSession), 'expected a dirty session'),
  assertSessionNotDirty: (_, { session }) => assert(!isDirty(session as ClientSession), 'expected a clean session'),
  assertSameLsidOnLastTwoCommands: (context, { client }) => {
    const [first, second] = lastTwoLsids(context, client);
    assert(first === second, `expected one lsid on the last two commands, got ${first} and ${second}`);
  },
  assertDifferentLsidOnLastTwoCommands: (context, { client }) => {
    const [first, second] = lastTwoLsids(context, client);
    assert(first !== second, `expected two lsids on the last two commands, got ${first} twice`);
  },
};

const CATALOG: Readonly<Record<string, OperationHandler>> = {
  assertCollectionExists: async (context, { databaseName, collectionName }) =>
    assert(
      await hasCollection(context, { databaseName, collectionName }),
      `${databaseName}.${collectionName} is missing`,
    ),
  assertCollectionNotExists: async (context, { databaseName, collectionName }) =>
    assert(
      !(await hasCollection(context, { databaseName, collectionName })),
      `${databaseName}.${collectionName} exists`,
    ),
  assertIndexExists: async (context, { databaseName, collectionName, indexName }) =>
    assert(await hasIndex(context, { databaseName, collectionName, indexName }), `index ${indexName} is missing`),
  assertIndexNotExists: async (context, { databaseName, collectionName, indexName }) =>
    assert(!(await hasIndex(context, { databaseName, collectionName, indexName })), `index ${indexName} exists`),
};

const EVENTS: Readonly<Record<string, OperationHandler>> = {
  assertEventCount: (context, { client, event, count }) => {
    const found = countEvents(context, { client, event });
    assert(found === count, `expected ${count} of ${JSON.stringify(event)}, got ${found}`);
  },
  waitForEvent: async (context, { client, event, count }) =>
    waitUntil(() => countEvents(context, { client, event }) >= Number(count), {
      timeoutMs: WAIT_MS_MAX,
      what: `${count} of ${JSON.stringify(event)}`,
    }),
  assertNumberConnectionsCheckedOut: ({ entities }, { client, connections }) => {
    const { connectionsCheckedOut } = entities.eventsOf(String(client));
    assert(
      connectionsCheckedOut === connections,
      `expected ${connections} connections out, got ${connectionsCheckedOut}`,
    );
  },
  wait: async (_, { ms }) => new Promise((resolve) => setTimeout(resolve, Number(ms))),
};

const TOPOLOGY: Readonly<Record<string, OperationHandler>> = {
  recordTopologyDescription: ({ entities }, { client, id }) =>
    entities.set(String(id), topologyOf(entities.client(String(client)))),
  assertTopologyType: ({ entities }, { topologyDescription, topologyType }) => {
    const description = entities.entity(String(topologyDescription)) as { type?: string } | undefined;
    assert(description?.type === topologyType, `expected topology ${topologyType}, got ${description?.type}`);
  },
  waitForPrimaryChange: async ({ entities }, { client, priorTopologyDescription, timeoutMS }) => {
    const prior = primaryOf(entities.entity(String(priorTopologyDescription)));
    const isChanged = () => {
      const primary = primaryOf(topologyOf(entities.client(String(client))));
      return primary !== undefined && primary !== prior;
    };
    await waitUntil(isChanged, { timeoutMs: Number(timeoutMS ?? WAIT_MS_MAX), what: `a primary other than ${prior}` });
  },
};

const FLOW: Readonly<Record<string, OperationHandler>> = {
  createEntities: async (context, { entities: definitions }) => createEntities(definitions, context),
  loop: () => {
    throw new OutOfScope('loop runs until a signal from outside the test ends it');
  },
  runOnThread: (context, { thread, operation }) =>
    context.entities.thread(String(thread)).run(async () => context.runAll([operation as UnifiedOperation])),
  waitForThread: async ({ entities }, { thread }) => entities.thread(String(thread)).done(),
};

export const TEST_RUNNER_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  ...FAIL_POINTS,
  ...SESSIONS,
  ...CATALOG,
  ...EVENTS,
  ...TOPOLOGY,
  ...FLOW,
};

function assert(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence);
}

function stateOf(transaction: unknown): string {
  const state: unknown = Reflect.get(transaction as object, 'state');
  const names: Readonly<Record<string, string>> = {
    NO_TRANSACTION: 'none',
    STARTING_TRANSACTION: 'starting',
    TRANSACTION_IN_PROGRESS: 'in_progress',
    TRANSACTION_COMMITTED: 'committed',
    TRANSACTION_COMMITTED_EMPTY: 'committed',
    TRANSACTION_ABORTED: 'aborted',
  };
  return names[String(state)] ?? String(state);
}

function isDirty(session: ClientSession): boolean {
  const serverSession: unknown = session.serverSession;
  return typeof serverSession === 'object' && serverSession !== null && Reflect.get(serverSession, 'isDirty') === true;
}

function lastTwoLsids({ entities }: OperationContext, client: unknown): [string, string] {
  const commands = entities.eventsOf(String(client)).startedCommands().slice(-2);
  const [first, second] = commands.map((details) => details['command']?.lsid?.id?.toString('hex'));
  if (first === undefined || second === undefined) throw new Error('the last two commands have no lsid');
  return [first, second];
}

async function hasCollection(context: OperationContext, place: Document): Promise<boolean> {
  const database = siblingDatabase(context, String(place['databaseName']));
  return (await database.listCollections({ name: place['collectionName'] }).toArray()).length > 0;
}

async function hasIndex(context: OperationContext, place: Document): Promise<boolean> {
  const collection = siblingDatabase(context, String(place['databaseName'])).collection(
    String(place['collectionName']),
  );
  const indexes = await collection
    .listIndexes()
    .toArray()
    .catch((error: unknown) => {
      if (error instanceof Error && error.message.includes('ns does not exist')) return [];
      throw error;
    });
  return indexes.some(({ name }) => name === place['indexName']);
}

function siblingDatabase({ admin }: OperationContext, name: string) {
  const { client } = admin;
  if (!(client instanceof MongoClient)) throw new Error('the driver has hidden the client of a database');
  return client.db(name);
}

function countEvents({ entities }: OperationContext, { client, event }: Document): number {
  const matcher = new ValueMatcher(entities);
  return entities.eventsOf(String(client)).recorded.filter((recorded) => matchesEvent(event, recorded, matcher)).length;
}

function primaryOf(description: unknown): string | undefined {
  const servers: unknown = typeof description === 'object' && description ? Reflect.get(description, 'servers') : null;
  if (!(servers instanceof Map)) throw new Error('this is not a description of a topology');
  for (const [address, server] of servers) if (server.type === 'RSPrimary') return String(address);
  return undefined;
}

function topologyOf(client: MongoClient): unknown {
  const topology: unknown = Reflect.get(client, 'topology');
  return typeof topology === 'object' && topology !== null ? Reflect.get(topology, 'description') : undefined;
}
