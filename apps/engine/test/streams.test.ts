import path from 'node:path';
import type { FleetView } from '@emcachers/core/api-views';
import { type Database, openDatabase } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { type ApiClient, eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { startEngineProcess } from './support/engine-process.ts';
import { changeOrders, insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack, type Stack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

const home = orderShape('home', 'shop.home');
const abroad = { ...orderShape('abroad', 'shop.abroad'), stream: 'abroad' };

async function leadersOf(api: ApiClient): Promise<Record<string, string | undefined>> {
  const fleet = (await (await api.request('GET', '/api/v1/fleet')).json()) as FleetView;
  return Object.fromEntries(fleet.streams.map(({ stream, leader }) => [stream, leader?.nodeId]));
}

/** Engines that lead a stream leave others to idle ones for 1.5 s then, also on a busy machine. */
const settings = { EMCACHERS_LEASE_MS: '5000' };

interface Place {
  readonly nodeId: string;
  readonly mongo: Stack['mongo'];
  readonly dataDir: string;
}

/** Two engines on one database. The first leads the default stream, the second stands by. */
async function startPair(stack: Stack) {
  const database = openDatabase({ url: stack.databaseUrl, connectionsMax: 2 });
  const place = (nodeId: string): Place => ({
    nodeId,
    mongo: stack.mongo,
    dataDir: path.join(stack.dataDir, '..', nodeId),
  });
  const start = ({ nodeId, dataDir }: Place) =>
    startEngineProcess(stack.environment({ ...settings, EMCACHERS_NODE_ID: nodeId, EMCACHERS_DATA_DIR: dataDir }));
  const places = [place('first'), place('second')] as const;
  const first = start(places[0]);
  const api = await first.ready;
  await untilRows(database, `SELECT 1 FROM leader WHERE node_id = 'first'`, 1);
  const second = start(places[1]);
  const survivor = await second.ready;
  await untilRows(
    database,
    `SELECT 1 FROM pg_stat_activity WHERE application_name IN ('emcachers lease', 'emcachers listen') AND datname = current_database()`,
    4,
  );
  return {
    ...{ database, places, first, api, survivor },
    async [Symbol.asyncDispose]() {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
      await database.close();
    },
  };
}

function untilRows(database: Database, sql: string, count: number): Promise<true> {
  const look = async () => ((await database.pool.query(sql)).rows.length === count ? true : null);
  return eventually(look, `${count} rows of: ${sql}`);
}

async function convergedAll(places: readonly Place[]): Promise<void> {
  for (const place of places) for (const shape of [home, abroad]) await converged(place, shape);
}

/** What is done to the entities of one stream concerns the other in nothing. */
async function expectApart(api: ApiClient, other: ApiClient): Promise<void> {
  const before = await api.entity('home');
  await other.job('abroad', 'pause');
  await other.job('abroad', 'resume');
  await api.job('abroad', 'refresh');
  await other.create({ ...orderShape('gone', 'shop.home'), stream: 'abroad' });
  await api.untilLive('gone');
  await other.remove('gone');
  const after = await api.entity('home');
  expect([after.version, after.since, after.scan]).toEqual([before.version, before.since, before.scan]);
}

/** Entries under the epoch of another stream, and entries of an earlier epoch after those of a later one of the stream. */
const wrongEpochs = `
  SELECT 1 FROM oplog o JOIN entity e ON e.id = o.entity_id JOIN leader_term t ON t.epoch = o.epoch
   WHERE t.stream_id <> e.stream_id
      OR EXISTS (SELECT 1 FROM leader_term later JOIN oplog l ON l.epoch = later.epoch
                  WHERE later.stream_id = t.stream_id AND later.epoch > o.epoch AND l.id < o.id)`;

test('I9: two engines lead a stream each and write side by side; when one is killed, the other leads both', {
  timeout: 240_000,
}, async () => {
  const random = testRandom();
  await using stack = await createStack();
  const sources = [orders(stack.mongo, 'shop.home'), orders(stack.mongo, 'shop.abroad')];
  for (const source of sources) await insertOrders(source, 1_000, random);
  const change = () => Promise.all(sources.map((source) => changeOrders(source, 1_000, random)));
  await using pair = await startPair(stack);
  const { database, places, first, api, survivor } = pair;

  await api.create(home);
  expect(await api.create(abroad)).toMatchObject({ stream: 'abroad' });
  // The engine that leads nothing takes the new stream.
  await untilRows(database, `SELECT 1 FROM leader WHERE node_id IS NOT NULL`, 2);
  expect(await leadersOf(survivor)).toEqual({ default: 'first', abroad: 'second' });
  for (const each of [api, survivor]) for (const name of ['home', 'abroad']) await each.untilLive(name);
  for (let round = 0; round < 10; round += 1) await change();
  await convergedAll(places);
  await expectApart(api, survivor);

  first.child.kill('SIGKILL');
  await first.ended;
  const killedMs = performance.now();
  await untilRows(database, `SELECT 1 FROM leader WHERE node_id = 'second'`, 2);
  expect(performance.now() - killedMs).toBeLessThan(5_000);
  await change();
  await convergedAll([places[1]]);

  expect((await database.pool.query(wrongEpochs)).rows).toEqual([]);
  const health = (await (await survivor.request('GET', '/health')).json()) as { components: { name: string }[] };
  const names = health.components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['stream default', 'stream abroad', 'service leader abroad']));
  const metrics = await (await survivor.request('GET', '/metrics')).text();
  expect(metrics).toMatch(/^emcachers_change_source_changes_total\{stream="abroad"\} \d+$/m);
});

test('the name of a stream is checked', async () => {
  await using stack = await createStack();
  await using engine = startEngineProcess(stack.environment({}));
  const api = await engine.ready;
  const refused = await api.request('POST', '/api/v1/entities', { body: { ...abroad, stream: 'No Such' } });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ code: 'EMC-5001', errors: [{ path: ['stream'] }] });
});
