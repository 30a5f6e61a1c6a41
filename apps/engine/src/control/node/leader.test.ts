import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@emcachers/core/clock';
import { silentLog } from '@emcachers/core/log';
import { createEntity } from '@emcachers/db/control/entities';
import { openDatabase } from '@emcachers/db/database';
import { createTestDatabase, runOnServer } from '@emcachers/db/testing';
import { expect, test } from 'vitest';
import { batch, position, upsert } from '../../../test/support/test-oplog.ts';
import { createOplogWriter } from '../../pipeline/oplog/oplog-writer.ts';
import { untilAborted } from '../../runtime/abort.ts';
import { createLeader, type Leader, type LeaderDependencies, type Term } from './leader.ts';

/** Sleeps a hundredth of what is asked, so that a look takes 10 ms. */
const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (delayMs, signal) => {
    await sleep(delayMs / 100, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};

function leaderOf(databaseUrl: string, nodeId: string, changed: Partial<LeaderDependencies> = {}): Leader {
  const timing = { leaseMs: 2_500, stallMsMax: 30_000, stalledMs: () => 0 };
  const stream = { streamId: 1, leadsAnother: () => false };
  return createLeader({ databaseUrl, nodeId, ...stream, clock, log: silentLog, ...timing, ...changed });
}

/** Runs a leader that records its terms; each term lasts until its signal aborts. */
function candidate(
  databaseUrl: string,
  log: string[],
  { nodeId = 'one', ...changed }: Partial<LeaderDependencies> = {},
) {
  const stop = new AbortController();
  const elected = Promise.withResolvers<Term>();
  const onElected = async (term: Term) => {
    log.push(`${nodeId} leads in ${term.epoch}`);
    elected.resolve(term);
    await untilAborted(term.signal);
    log.push(`${nodeId} ends ${term.epoch}`);
  };
  const running = leaderOf(databaseUrl, nodeId, changed).run(onElected, stop.signal);
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
  const first = candidate(database.url, log);
  await first.elected;
  const second = candidate(database.url, log, { nodeId: 'two' });
  await sleep(100);
  expect(log).toEqual(['one leads in 1']);
  await first.stop();
  await second.elected;
  await second.stop();
  expect(log).toEqual(['one leads in 1', 'one ends 1', 'two leads in 2', 'two ends 2']);
  const opened = openDatabase({ url: database.url });
  expect(await opened.prisma.leader.findUnique({ where: { streamId: 1 } })).toMatchObject({ nodeId: null });
  await opened.close();
});

test('a node that leads another stream leaves a free lease to a node that leads none, and takes it if there is no such node', async () => {
  await using database = await createTestDatabase();
  const log: string[] = [];
  const deferring = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  const patient: Clock = {
    ...clock,
    sleep: async (delayMs, signal) => {
      if (delayMs !== 750) return clock.sleep(delayMs, signal);
      deferring.resolve();
      return mayGoOn.promise;
    },
  };
  const busy = candidate(database.url, log, { nodeId: 'busy', leadsAnother: () => true, clock: patient });
  await deferring.promise;
  const idle = candidate(database.url, log, { nodeId: 'idle' });
  await idle.elected;
  mayGoOn.resolve();
  await idle.stop();
  await busy.elected;
  await busy.stop();
  expect(log).toEqual(['idle leads in 1', 'idle ends 1', 'busy leads in 2', 'busy ends 2']);
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
  const first = candidate(owned.url, log);
  const { epoch, signal } = await first.elected;
  const zombie = createOplogWriter({ database, epoch });
  await zombie.savePosition(position(1));
  await runOnServer(
    owned.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'emcachers lease' AND datname = current_database()`,
  );
  await expect.poll(() => signal.aborted).toBe(true);
  await first.stop();
  const second = candidate(owned.url, log, { nodeId: 'two' });
  const next = await second.elected;
  expect(next.epoch).toBeGreaterThan(epoch);
  await expect(zombie.append(batch([upsert(id, 'a', '1')], position(2)))).rejects.toThrow('EMC-3002');
  await expect(zombie.savePosition(position(2))).rejects.toThrow('EMC-3002');
  expect((await createOplogWriter({ database, epoch: next.epoch }).readPosition()).position?.clusterTime).toBe(1n);
  await second.stop();
  await database.close();
});

test('a leader whose ingest makes no progress gives up the lead, and its term is marked as lost', async () => {
  await using database = await createTestDatabase();
  const log: string[] = [];
  let stalledMs = 0;
  const first = candidate(database.url, log, { stalledMs: () => stalledMs });
  const term = await first.elected;
  const second = candidate(database.url, log, { nodeId: 'two' });
  await sleep(100);
  expect(term.signal.aborted).toBe(false);
  stalledMs = 30_001;
  await second.elected;
  expect(term.lost.aborted).toBe(true);
  await first.stop();
  await second.stop();
  expect(log).toEqual(['one leads in 1', 'one ends 1', 'two leads in 2', 'two ends 2']);
});

test('an error in the leader reaches the supervisor and releases the leadership', async () => {
  await using database = await createTestDatabase();
  const leader = leaderOf(database.url, 'one');
  const signal = new AbortController().signal;
  await expect(leader.run(() => Promise.reject(new Error('the stream broke')), signal)).rejects.toThrow(
    'the stream broke',
  );
  const log: string[] = [];
  const next = candidate(database.url, log, { nodeId: 'two' });
  await next.elected;
  await next.stop();
  expect(log[0]).toBe('two leads in 2');
});

test('an unreachable server is EMC-3001', async () => {
  const leader = leaderOf('postgres://nobody@127.0.0.1:1/none', 'one');
  await expect(leader.run(async () => undefined, new AbortController().signal)).rejects.toThrow('EMC-3001');
});

test('thirty starts and stops leave no connection behind', async () => {
  await using database = await createTestDatabase();
  for (let turn = 0; turn < 30; turn += 1) {
    const one = candidate(database.url, []);
    await one.elected;
    await one.stop();
  }
  const opened = openDatabase({ url: database.url });
  const query = `SELECT count(*) AS open FROM pg_stat_activity WHERE application_name = 'emcachers lease' AND datname = current_database()`;
  await expect.poll(async () => (await opened.pool.query<{ open: number }>(query)).rows[0]?.open).toBe(0);
  await opened.close();
});
