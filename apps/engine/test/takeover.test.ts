import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { pauseByDebugger } from './support/inspected-process.ts';
import { type LeaderPair, type PairedEngine, startLeaderPair } from './support/leader-pair.ts';
import { changeOrders, insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

/** Rounds of each fault; EMCACHERS_TEST_TAKEOVERS=50 prints figures that mean something. */
const rounds = Number(process.env['EMCACHERS_TEST_TAKEOVERS'] ?? '1');
const documents = 2_000;
const takeoverMsMax = 5_000;
const shape = orderShape('orders');

/** Takes the leader out, and returns what brings it back. */
type Fault = (leader: PairedEngine, pair: LeaderPair) => Promise<() => Promise<void>>;

const faults: Readonly<Record<string, Fault>> = {
  'frozen while idle': async (leader) => freeze(leader),
  'frozen before its commit': async (leader) => {
    await leader.proxy.holdAt('last_value FROM oplog_id_seq');
    return freeze(leader);
  },
  'frozen inside a COPY': async (leader) => {
    await leader.proxy.holdAt('\tUpsert\t');
    return freeze(leader);
  },
  'frozen inside a promotion': async (leader) => {
    const reached = leader.proxy.holdAt('promote-staged');
    await leader.api.request('POST', '/api/v1/entities/orders/refresh', { body: {} });
    await reached;
    return freeze(leader);
  },
  'paused by a debugger': async (leader) => pauseByDebugger(leader.process),
  'black-holed': async (leader) => {
    leader.proxy.blackHole();
    return async () => leader.proxy.restore();
  },
  killed: async (leader, pair) => {
    leader.process.child.kill('SIGKILL');
    await leader.process.ended;
    return () => pair.restart(leader);
  },
};

async function freeze({ process, proxy }: PairedEngine): Promise<() => Promise<void>> {
  process.child.kill('SIGSTOP');
  return async () => {
    process.child.kill('SIGCONT');
    proxy.restore();
  };
}

interface Takeover {
  /** Until another node has the next epoch. */
  readonly epochMs: number;
  /** Until it has committed something: entries, or a position. */
  readonly commitMs: number;
}

async function takeover(database: Database, before: number): Promise<Takeover> {
  const startMs = performance.now();
  let epochMs: number | null = null;
  for (;;) {
    const answer = await database.pool.query<{ epoch: number; hasCommitted: boolean }>(
      `SELECT l.epoch, t.saved_at > l.taken_at AS "hasCommitted" FROM leader l, mongo_resume_token t`,
    );
    const passedMs = performance.now() - startMs;
    const newest = answer.rows[0];
    if (newest !== undefined && newest.epoch > before) epochMs ??= passedMs;
    if (epochMs !== null && newest?.hasCommitted === true) return { epochMs, commitMs: passedMs };
    await sleep(20);
  }
}

/** Entries of an epoch that come after the first entry of a later one. */
async function lateEntries(database: Database): Promise<number> {
  const answer = await database.pool.query<{ late: number }>(
    `SELECT count(*) AS late FROM oplog o
      WHERE EXISTS (SELECT 1 FROM (SELECT epoch, min(id) AS first FROM oplog GROUP BY epoch) later
                     WHERE later.epoch > o.epoch AND later.first < o.id)`,
  );
  return answer.rows[0]?.late ?? -1;
}

test(`I9: another node leads within ${takeoverMsMax} ms of every fault, and the old leader appends nothing afterwards`, {
  timeout: 120_000 + rounds * 120_000,
}, async () => {
  const random = testRandom();
  await using stack = await createStack();
  const collection = orders(stack.mongo);
  await insertOrders(collection, documents, random);
  await using pair = await startLeaderPair(stack);
  const first = pair.engines[0];
  if (first === undefined) throw new Error('There is no engine.');
  await first.api.create(shape);
  await first.api.untilLive('orders');
  const stop = new AbortController();
  const writing = (async () => {
    while (!stop.signal.aborted) {
      await changeOrders(collection, documents, random);
      await sleep(50);
    }
  })();
  const times = new Map<string, Takeover[]>();
  try {
    for (let round = 0; round < rounds; round += 1)
      for (const [name, fault] of Object.entries(faults)) {
        const { leader, epoch } = await pair.settled();
        const recover = await fault(leader, pair);
        times.set(name, [...(times.get(name) ?? []), await takeover(pair.database, epoch)]);
        await recover();
        await eventually(async () => (await isFollower(pair, leader, epoch)) || null, `${leader.nodeId} to follow`);
      }
  } finally {
    stop.abort();
    await writing;
    report(times);
  }
  expect(await lateEntries(pair.database)).toBe(0);
  for (const [name, all] of times)
    expect(Math.max(...all.map(({ epochMs }) => epochMs)), name).toBeLessThan(takeoverMsMax);
  for (const engine of pair.engines) await converged({ mongo: stack.mongo, dataDir: engine.dataDir }, shape);
});

/** A killed engine starts anew and remembers no term. */
async function isFollower(pair: LeaderPair, engine: PairedEngine, epoch: number): Promise<boolean> {
  const log = engine.process.log();
  const hasEnded = log.includes(`"epoch":${epoch},"hung":[],"msg":"This node is no longer the leader."`);
  const hasLed = log.includes(`"epoch":${epoch},"msg":"This node is now the leader."`);
  return (hasEnded || !hasLed) && (await pair.settled()).leader !== engine;
}

function report(times: ReadonlyMap<string, readonly Takeover[]>): void {
  for (const [name, all] of times) {
    const epoch = figures(all.map(({ epochMs }) => epochMs));
    const commit = figures(all.map(({ commitMs }) => commitMs));
    process.stdout.write(`${name}, ${all.length} rounds: next epoch ${epoch}; its first commit ${commit}\n`);
  }
}

function figures(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b).map(Math.round);
  return `p50 ${sorted[Math.floor(sorted.length / 2)] ?? 0} ms, max ${sorted.at(-1) ?? 0} ms`;
}
