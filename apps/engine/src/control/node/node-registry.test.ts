import { silentLog } from '@emcachers/core/log';
import { openDatabase } from '@emcachers/db/database';
import { createTestDatabase } from '@emcachers/db/testing';
import { expect, test } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { createLog } from '../../observability/log.ts';
import { createNodeRegistry } from './node-registry.ts';

function testRegistry(url: string) {
  const database = openDatabase({ url });
  const lines: string[] = [];
  const clock = createManualClock();
  const log = createLog('info', { write: (line) => lines.push(line) });
  const parts = {
    clock,
    log,
    database,
    nodeId: 'berlin',
    roles: ['replicate'],
    beatMs: 2_000,
    forgetNodeHours: 24,
    ingest: () => [],
    sourceOplog: () => null,
  };
  return { registry: createNodeRegistry(parts), database, clock, lines };
}

test('a beat writes name, roles and start time of the node', async () => {
  await using owned = await createTestDatabase();
  const { registry, database } = testRegistry(owned.url);
  await registry.beat();
  const { rows } = await database.pool.query(
    'SELECT id, roles, extract(epoch FROM started_at) = 0 AS started FROM node',
  );
  expect(rows).toEqual([{ id: 'berlin', roles: ['replicate'], started: true }]);
  await database.close();
});

test('a node signs off, and its next beat takes that back; an earlier process of the same name cannot sign it off', async () => {
  await using owned = await createTestDatabase();
  const { registry, database, clock } = testRegistry(owned.url);
  const hasLeft = async (): Promise<unknown> =>
    (await database.pool.query('SELECT left_at IS NOT NULL AS gone FROM node')).rows;
  await registry.beat();
  await registry.signOff();
  expect(await hasLeft()).toEqual([{ gone: true }]);
  await clock.advance(1_000);
  const parts = {
    clock,
    log: silentLog,
    database,
    nodeId: 'berlin',
    roles: ['replicate'],
    forgetNodeHours: 24,
    beatMs: 2_000,
    ingest: () => [],
    sourceOplog: () => null,
  };
  await createNodeRegistry(parts).beat();
  expect(await hasLeft()).toEqual([{ gone: false }]);
  await registry.signOff();
  expect(await hasLeft()).toEqual([{ gone: false }]);
  await database.close();
});

test('while PostgreSQL is unreachable a beat rejects, and the service goes on with one warning in the log', async () => {
  const { registry, database, clock, lines } = testRegistry('postgres://nobody@127.0.0.1:1/none');
  await expect(registry.beat()).rejects.toMatchObject({ code: 'EMC-3001' });
  const stop = new AbortController();
  const ran = registry.run(stop.signal);
  for (let beat = 0; beat < 3; beat += 1) {
    await expect.poll(() => clock.sleeping()).toBe(1);
    await clock.advance(2_000);
  }
  stop.abort();
  await ran;
  expect(lines.filter((line) => line.includes('Could not write the heartbeat.'))).toHaveLength(1);
  await database.close();
});
