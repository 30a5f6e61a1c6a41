/** One round: writers, an operator, faults and readers side by side, until enough documents have changed. */

import type { BankReader } from './checks/bank-reader.ts';
import type { CacheReader } from './checks/cache-reader.ts';
import type { OplogWatch } from './checks/oplog-watch.ts';
import type { Cluster } from './cluster/cluster.ts';
import { faults } from './faults/faults.ts';
import type { Report } from './report.ts';
import type { Dice } from './workload/dice.ts';
import { changeOnce, type Tally } from './workload/documents.ts';
import { anyRequest } from './workload/entities.ts';
import type { Erasures } from './workload/erasures.ts';

export interface Round {
  readonly cluster: Cluster;
  readonly dice: Dice;
  readonly tally: Tally;
  readonly report: Report;
  readonly watch: OplogWatch;
  readonly reader: CacheReader;
  readonly banks: readonly BankReader[];
  readonly erasures: Erasures;
  /** Operations on documents after which it ends. */
  readonly operations: number;
  /** Faults after which it ends, if they come later. */
  readonly faults: number;
}

const writers = 4;
/** More than one, because a node that cannot reach PostgreSQL lets an operator wait. */
const operators = 3;
/** Requests of a round before its first fault, while every node answers. */
const requestsBefore = 12;

export async function runRound(round: Round): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  const operating = Array.from({ length: operators }, () => operate(round, signal));
  const others = [...operating, erase(round, signal), watch(round, signal), read(round, signal)];
  const struck = strike(round);
  const writing = Array.from({ length: writers }, () => write(round, struck));
  await Promise.all([struck, ...writing]);
  stop.abort();
  await Promise.all(others);
}

function total(tally: Tally): number {
  return [...tally.counts.values()].reduce((sum, each) => sum + each, 0);
}

/** Until the operations are done, and on until the last fault is over. */
async function write({ cluster, dice, tally, operations }: Round, struck: Promise<void>): Promise<void> {
  const own = dice.fork();
  const end = total(tally) + operations;
  let isStruck = false;
  void struck.then(() => {
    isStruck = true;
  });
  while (!isStruck || total(tally) < end) {
    await changeOnce({ mongo: cluster.mongo, dice: own, tally });
    // Done early: the faults still need something to interrupt, but not all of the machine.
    await pauseFor(total(tally) < end ? own.below(4) : 50, null);
  }
}

async function operate(round: Round, signal: AbortSignal): Promise<void> {
  const own = round.dice.fork();
  while (!signal.aborted) {
    await pauseFor(own.between(50, 800), signal);
    await requestOnce(round, own);
  }
}

async function requestOnce({ cluster, report }: Round, own: Dice): Promise<void> {
  const { kind, method, path, body } = anyRequest(own);
  const api = own.pick(cluster.nodes).api;
  if (api === null) return;
  const answer = await api.request(method, path, { body }).then(
    async (response) => ({ status: response.status, text: await response.text() }),
    () => ({ status: 0, text: '' }),
  );
  report.request(`${kind}: ${answer.status === 0 ? 'no answer' : answer.status}`);
  if (isWrongAnswer(kind, answer)) report.fail(`the API answered ${answer.text} to ${method} ${path}`);
}

/** Every request is valid but for indexes of columns that the entity does not have. A fault may make MongoDB refuse a query. */
function isWrongAnswer(kind: string, { status, text }: { readonly status: number; readonly text: string }): boolean {
  if (status === 400) return kind !== 'indexes' && !text.includes('failCommand');
  return status >= 500 && status !== 503;
}

async function erase({ dice, erasures }: Round, signal: AbortSignal): Promise<void> {
  const own = dice.fork();
  while (!signal.aborted) {
    await erasures.request(own);
    await pauseFor(own.between(3_000, 12_000), signal);
  }
}

/** Two faults at a time, which interrupt what was requested before. */
async function strike(round: Round): Promise<void> {
  const own = round.dice.fork();
  for (let requested = 0; requested < requestsBefore; requested += 1) await requestOnce(round, own);
  const half = Math.ceil(round.faults / 2);
  await Promise.all([strikeMany(round, half), strikeMany(round, round.faults - half)]);
  for (const node of round.cluster.nodes) node.start();
}

async function strikeMany({ cluster, dice, report }: Round, count: number): Promise<void> {
  const own = dice.fork();
  const pause = (delayMs: number): Promise<void> => pauseFor(delayMs, null);
  for (let struck = 0; struck < count; struck += 1) {
    const fault = own.weighted(faults);
    const isDone = await fault.strike({ cluster, node: own.pick(cluster.nodes), dice: own.fork(), pause });
    report.fault(isDone ? fault.name : `${fault.name} (not reached)`);
    await pause(own.below(600));
  }
}

async function watch({ cluster, report, watch: oplogWatch }: Round, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Its session may be among those that a fault ends.
    await oplogWatch.look(report).catch(() => undefined);
    await pauseFor(30, signal);
  }
  await cluster.database.ping().catch(() => undefined);
}

async function read({ cluster, dice, reader, banks }: Round, signal: AbortSignal): Promise<void> {
  const own = dice.fork();
  while (!signal.aborted) {
    const answer = await cluster.database.pool
      .query<{ name: string; source: string }>('SELECT name, source_collection AS source FROM entity')
      .catch(() => ({ rows: [] }));
    if (answer.rows.length > 0) {
      const { name, source } = own.pick(answer.rows);
      const { dataDir } = own.pick(cluster.nodes);
      const isRenamed = /^r\d$/.test(source);
      // Its session may be among those that a fault ends.
      await reader.read({ dataDir, entityName: name, isRenamed }).catch(() => undefined);
    }
    for (const bank of banks) await bank.read(own.pick(cluster.nodes).dataDir).catch(() => undefined);
    await pauseFor(20, signal);
  }
}

function pauseFor(delayMs: number, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
