import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@emcachers/core/clock';
import { createEntity } from '@emcachers/db/control/entities';
import { openDatabase } from '@emcachers/db/database';
import { createTestDatabase, runOnServer } from '@emcachers/db/testing';
import { expect, test } from 'vitest';
import { batch, position, upsert } from '../../../test/support/test-oplog.ts';
import { createOplogWriter } from '../../pipeline/oplog/oplog-writer.ts';
import { untilAborted } from '../../runtime/abort.ts';
import { createLeader } from './leader.ts';

/** Sleeps a hundredth of what is asked, so that a look takes 10 ms. */
const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (delayMs, signal) => {
    await sleep(delayMs / 100, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};

/** Runs a leader that records its terms; each term lasts until its signal aborts. */
function candidate(databaseUrl: string, nodeId: string, log: string[]) {
  const stop = new AbortController();
  const elected = Promise.withResolvers<{ epoch: number; signal: AbortSignal }>();
  const onElected = async (epoch: number, signal: AbortSignal) => {
    log.push(`${nodeId} leads in ${epoch}`);
    elected.resolve({ epoch, signal });
    await untilAborted(signal);
    log.push(`${nodeId} ends ${epoch}`);
  };
  const running = createLeader({ databaseUrl, nodeId, clock }).run(onElected, stop.signal);
  return {
    elected: elected.promise,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

test('one node leads; after it stops, the next leader has the next epoch', async () => {
  await using database = await createTestDatabase();
  const log: string[] = [];
  const first = candidate(database.url, 'one', log);
  await first.elected;
  const second = candidate(database.url, 'two', log);
  await sleep(100);
  expect(log).toEqual(['one leads in 1']);
  await first.stop();
  await second.elected;
  await second.stop();
  expect(log).toEqual(['one leads in 1', 'one ends 1', 'two leads in 2', 'two ends 2']);
  const opened = openDatabase({ url: database.url });
  expect(await opened.prisma.leader.findUnique({ where: { id: 1 } })).toMatchObject({ nodeId: null });
  await opened.close();
});

test('I9: a leader that loses its connection is notified and cannot write after a takeover', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const shape = {
    entityName: 'orders',
    sourceName: 'shop.orders',
    columns: [{ name: 'n', type: 'Integer' as const, path: 'n' }],
  };
  const { entityId: id } = await createEntity(database, shape);
  const log: string[] = [];
  const first = candidate(owned.url, 'one', log);
  const { epoch, signal } = await first.elected;
  const zombie = createOplogWriter({ database, epoch });
  await zombie.savePosition(position(1));
  await runOnServer(
    owned.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'emcachers leader' AND datname = current_database()`,
  );
  await expect.poll(() => signal.aborted).toBe(true);
  await first.stop();
  const second = candidate(owned.url, 'two', log);
  const next = await second.elected;
  expect(next.epoch).toBeGreaterThan(epoch);
  await expect(zombie.append(batch([upsert(id, 'a', '1')], position(2)))).rejects.toThrow('EMC-3002');
  await expect(zombie.savePosition(position(2))).rejects.toThrow('EMC-3002');
  expect((await createOplogWriter({ database, epoch: next.epoch }).readPosition()).position?.clusterTime).toBe(1n);
  await second.stop();
  await database.close();
});

test('an error in the leader reaches the supervisor and releases the leadership', async () => {
  await using database = await createTestDatabase();
  const leader = createLeader({ databaseUrl: database.url, nodeId: 'one', clock });
  const signal = new AbortController().signal;
  await expect(leader.run(() => Promise.reject(new Error('the stream broke')), signal)).rejects.toThrow(
    'the stream broke',
  );
  const log: string[] = [];
  const next = candidate(database.url, 'two', log);
  await next.elected;
  await next.stop();
  expect(log[0]).toBe('two leads in 2');
});

test('an unreachable server is EMC-3001', async () => {
  const leader = createLeader({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', nodeId: 'one', clock });
  await expect(leader.run(async () => undefined, new AbortController().signal)).rejects.toThrow('EMC-3001');
});

test('thirty starts and stops leave no connection behind', async () => {
  await using database = await createTestDatabase();
  for (let turn = 0; turn < 30; turn += 1) {
    const one = candidate(database.url, 'one', []);
    await one.elected;
    await one.stop();
  }
  const opened = openDatabase({ url: database.url });
  const query = `SELECT count(*) AS open FROM pg_stat_activity WHERE application_name = 'emcachers leader' AND datname = current_database()`;
  await expect.poll(async () => (await opened.pool.query<{ open: number }>(query)).rows[0]?.open).toBe(0);
  await opened.close();
});
