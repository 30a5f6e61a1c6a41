import path from 'node:path';
import type { Shape } from '@emcachers/core/shape';
import Sqlite from 'better-sqlite3';
import { type Collection, MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import type { IncidentView } from '../src/control/incident/incident-view.ts';
import { type ApiClient, eventually } from './support/api-client.ts';
import { type EngineProcess, startEngineProcess } from './support/engine-process.ts';
import {
  type FreezableServer,
  freezableMongo,
  freezablePostgres,
  temporaryFolder,
} from './support/freezable-servers.ts';

/** Two engines that may lead, one that only keeps caches, and the servers, each in processes of its own. */
interface Fleet {
  readonly mongo: FreezableServer;
  readonly postgres: FreezableServer;
  readonly orders: Collection<{ _id: number; n: unknown }>;
  readonly first: EngineProcess;
  readonly second: EngineProcess;
  /** Of the one that only keeps caches. */
  readonly api: ApiClient;
  readonly folder: string;
}

interface Fault {
  readonly name: string;
  /** `subject code` of the incident that it opens. */
  readonly expected: string;
  readonly entities: readonly string[];
  strike(fleet: Fleet): Promise<void>;
  heal(fleet: Fleet): Promise<void>;
  /** An outage of PostgreSQL can only be recorded after it. */
  readonly isRecordedAfterwards?: true;
}

const shapeOf = (entityName: string): Shape => ({
  ...{ entityName, sourceName: 'shop.orders' },
  columns: [{ name: 'n', type: 'Integer', path: 'n', whenRefused: 'dead-letter' }],
});
const both = ['orders', 'orders_again'];
const locks: Sqlite.Database[] = [];
const frozenMs = 12_000;

const faults: readonly Fault[] = [
  {
    name: 'a document that cannot be copied',
    expected: 'entity:orders EMC-6003',
    entities: ['orders'],
    strike: async ({ orders }) => void (await orders.updateOne({ _id: 1 }, { $set: { n: 'none' } })),
    heal: async ({ orders }) => void (await orders.updateOne({ _id: 1 }, { $set: { n: 1 } })),
  },
  {
    name: 'a cache file that an application has locked',
    expected: 'node:keeper EMC-4004',
    entities: ['orders'],
    async strike({ folder, orders }) {
      const application = new Sqlite(path.join(folder, 'keeper/dbs/orders/db.sqlite'));
      application.exec('BEGIN IMMEDIATE');
      locks.push(application);
      await orders.updateOne({ _id: 2 }, { $set: { n: 2 } });
    },
    async heal() {
      for (const application of locks.splice(0)) application.close();
    },
  },
  {
    name: 'a frozen PostgreSQL',
    expected: 'postgresql EMC-3001',
    entities: both,
    isRecordedAfterwards: true,
    async strike({ postgres, api }) {
      await postgres.freeze();
      await eventually(async () => {
        const { ageMs } = (await (await api.request('GET', '/health')).json()) as { ageMs: number };
        return ageMs > frozenMs ? true : null;
      }, 'the outage to last');
    },
    heal: ({ postgres }) => postgres.thaw(),
  },
  {
    name: 'a frozen MongoDB',
    expected: 'mongodb EMC-2001',
    entities: both,
    strike: ({ mongo }) => mongo.freeze(),
    heal: ({ mongo }) => mongo.thaw(),
  },
  {
    name: 'a frozen node',
    expected: 'node:second EMC-5022',
    entities: both,
    strike: async ({ second }) => void second.child.kill('SIGSTOP'),
    heal: async ({ second }) => void second.child.kill('SIGCONT'),
  },
];

async function startFleet(folder: string) {
  const stack = new AsyncDisposableStack();
  const mongo = stack.use(await freezableMongo(folder));
  const postgres = stack.use(await freezablePostgres(folder));
  const client = new MongoClient(mongo.url);
  stack.defer(() => client.close());
  const start = (nodeId: string, roles: string): EngineProcess =>
    startEngineProcess({
      ...{ MONGO_URL: mongo.url, DATABASE_URL: postgres.url, ENGINE_PORT: '0' },
      ...{ EMCACHERS_NODE_ID: nodeId, EMCACHERS_ROLES: roles, EMCACHERS_DATA_DIR: path.join(folder, nodeId) },
      EMCACHERS_INCIDENT_OPEN_SECONDS: '3',
      EMCACHERS_INCIDENT_CLOSE_SECONDS: '5',
      EMCACHERS_INCIDENT_CHECK_MS: '500',
    });
  const first = stack.use(start('first', 'ingest,replicate,api'));
  await first.ready;
  const second = stack.use(start('second', 'ingest,replicate,api'));
  await second.ready;
  const keeper = stack.use(start('keeper', 'replicate,api'));
  const api = await keeper.ready;
  const orders = client.db('shop').collection<{ _id: number; n: unknown }>('orders');
  return {
    ...{ mongo, postgres, orders, first, second, api, folder, start },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function incidentsOf(api: ApiClient, query = ''): Promise<readonly IncidentView[]> {
  const answer = await api.request('GET', `/api/v1/incidents?${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { entries: IncidentView[] }).entries;
}

function keyOf({ subject, errorCode }: IncidentView): string {
  return `${[subject.kind, subject.name].filter((part) => part !== null).join(':')} ${errorCode}`;
}

async function untilNoneOpen(api: ApiClient, after: string): Promise<void> {
  await eventually(
    async () => ((await incidentsOf(api, 'state=open')).length === 0 ? true : null),
    `no incident after ${after}`,
  );
}

/** One fault, from the first look of an operator to the last. */
async function suffer(fleet: Fleet, fault: Fault): Promise<IncidentView> {
  const struckMs = Date.now();
  const opened = async (): Promise<IncidentView> =>
    eventually(async () => {
      const found = (await incidentsOf(fleet.api)).filter((each) => keyOf(each) === fault.expected);
      return found.find(({ openedAt }) => Date.parse(openedAt) > struckMs - 5_000) ?? null;
    }, `an incident of ${fault.name}`);
  await fault.strike(fleet);
  if (fault.isRecordedAfterwards === undefined) await opened();
  await fault.heal(fleet);
  const incident = await opened();
  await untilNoneOpen(fleet.api, fault.name);
  return incident;
}

test('every fault opens one incident with its cause, which is closed when the fault is healed', {
  timeout: 600_000,
}, async () => {
  await using folder = await temporaryFolder();
  await using fleet = await startFleet(folder.path);
  const { api, orders } = fleet;
  await orders.insertMany(Array.from({ length: 20 }, (_, index) => ({ _id: index, n: index })));
  for (const name of both) await api.create(shapeOf(name));
  for (const name of both) await api.untilLive(name);
  await api.untilWell();
  for (const fault of faults) {
    const incident = await suffer(fleet, fault);
    expect(incident.entities, fault.name).toEqual(expect.arrayContaining([...fault.entities]));
    expect(incident.nextStep, fault.name).toEqual(expect.any(String));
  }
  for (const each of [fleet.first, fleet.second]) {
    each.child.kill('SIGTERM');
    expect((await each.ended).code).toBe(0);
  }
  const unled = await eventually(
    async () =>
      (await incidentsOf(api, 'state=open')).find((each) => keyOf(each) === 'stream:default EMC-5024') ?? null,
    'an incident of the stream that nobody leads',
  );
  expect(unled.entities.toSorted()).toEqual(both);
  await using again = fleet.start('first', 'ingest,replicate,api');
  await again.ready;
  await untilNoneOpen(api, 'the start of an engine that ingests');
  const all = await incidentsOf(api, 'limit=500');
  expect(all.map(keyOf).toSorted()).toEqual(['stream:default EMC-5024', ...expectedOf(faults)].toSorted());
});

function expectedOf(all: readonly Fault[]): string[] {
  return all.flatMap(({ expected }) =>
    expected === 'entity:orders EMC-6003' ? [expected, 'entity:orders_again EMC-6003'] : [expected],
  );
}
