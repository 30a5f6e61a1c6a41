/**
 * `npm run prove -- --minutes 10 --seed 42`: real processes under random faults. Rounds of changes, requests and faults go on until
 * the time is over; after each, every cache must equal what an oracle expects that shares no code with the engine. Prints the
 * seed first and a table last; on a difference it exits with 1 and keeps the directory with all data.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { BankReader, transactionsWhole } from './checks/bank-reader.ts';
import { CacheReader, keptEntity } from './checks/cache-reader.ts';
import { checkDatabase, countJobs } from './checks/database-checks.ts';
import { checkEngines } from './checks/engine-checks.ts';
import { checkErasures } from './checks/erasure-check.ts';
import { checkIndexes } from './checks/index-check.ts';
import { ledApart, OplogWatch } from './checks/oplog-watch.ts';
import { type Cluster, startCluster } from './cluster/cluster.ts';
import { compareAll } from './compare.ts';
import { Report } from './report.ts';
import { runRound } from './round.ts';
import { awaitHealth, settle } from './settle.ts';
import { bankEntities, openAccounts } from './workload/bank.ts';
import { Dice } from './workload/dice.ts';
import { cameFirst, type Tally } from './workload/documents.ts';
import { Erasures } from './workload/erasures.ts';
import { anyShape } from './workload/shapes.ts';

interface Options {
  readonly minutes: number;
  readonly seed: number;
  /** Rounds at least, also if the time is over. */
  readonly rounds: number;
  readonly operations: number;
  readonly faults: number;
  /** Engines; chosen by the seed if 0. */
  readonly engines: number;
}

function readOptions(): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { minutes: text, seed: text, rounds: text, operations: text, faults: text, engines: text },
  });
  const number = (given: string | undefined, standard: number): number => {
    const value = given === undefined ? standard : Number(given);
    if (!Number.isFinite(value) || value < 0) throw new RangeError(`${given} is not a number.`);
    return value;
  };
  return {
    minutes: number(values.minutes, 1),
    seed: number(values.seed, Date.now() % 2 ** 31),
    rounds: number(values.rounds, 1),
    operations: number(values.operations, 2_500),
    faults: number(values.faults, 12),
    engines: number(values.engines, 0),
  };
}

async function main(): Promise<number> {
  const options = readOptions();
  const { seed } = options;
  const dice = new Dice(seed);
  const engines = options.engines > 0 ? options.engines : dice.between(1, 3);
  process.stdout.write(`seed ${seed}, engines ${engines}, at least ${options.minutes} minutes\n`);
  const cluster = await startCluster(engines);
  const report = new Report();
  const tally: Tally = { counts: new Map(), rev: 0, endedAt: new Map() };
  try {
    await prove({ cluster, dice, report, tally, options });
    expectSeen(report, engines > 1 ? [transactionsWhole, ledApart] : [transactionsWhole]);
  } finally {
    keepLogs(cluster, report);
    process.stdout.write(report.text(tally.counts, restartsOf(cluster)));
    const isWrong = report.wrong.length > 0 || report.rounds === 0;
    await cluster.stop({ keep: isWrong });
    if (isWrong) process.stdout.write(`seed ${seed}; everything is kept in ${cluster.directory}\n`);
  }
  return report.wrong.length > 0 ? 1 : 0;
}

interface Run {
  readonly cluster: Cluster;
  readonly dice: Dice;
  readonly report: Report;
  readonly tally: Tally;
  readonly options: Options;
}

async function prove({ cluster, dice, report, tally, options }: Run): Promise<void> {
  for (const node of cluster.nodes) node.start();
  for (const node of cluster.nodes) await node.ready();
  await createFirst(cluster, dice);
  const watch = new OplogWatch(cluster.database);
  const reader = new CacheReader(report, {
    kept: (entityName) => keptEntity(cluster.database, entityName),
    cameFirst: (rev, other) => cameFirst(tally, rev, other),
  });
  const banks = bankEntities.map((bank) => new BankReader(bank, cluster.database, report));
  const erasures = new Erasures(cluster, report);
  const { operations, faults } = options;
  const endMs = performance.now() + options.minutes * 60_000;
  while (report.rounds < options.rounds || performance.now() < endMs) {
    await runRound({ cluster, dice: dice.fork(), tally, report, watch, reader, banks, erasures, operations, faults });
    await checkAll({ cluster, report, watch, erasures });
    report.rounds += 1;
    const passed = [...tally.counts.values()].reduce((sum, each) => sum + each, 0);
    process.stdout.write(
      `round ${report.rounds}: ${passed} operations, ${restartsOf(cluster)} restarts, wrong ${report.wrong.length}\n`,
    );
    if (report.wrong.length > 0) return;
  }
}

/** A run that never came to what it is to look at has shown nothing. */
function expectSeen(report: Report, expected: readonly string[]): void {
  for (const check of expected) if (!report.checks.has(check)) report.fail(`Not once seen: ${check}`);
}

interface Checked extends Pick<Run, 'cluster' | 'report'> {
  readonly watch: OplogWatch;
  readonly erasures: Erasures;
}

/** Everything that must hold once the faults have ended. */
async function checkAll({ cluster, report, watch, erasures }: Checked): Promise<void> {
  const entities = await settle(cluster, report);
  if (entities !== null) {
    await compareAll(cluster, entities, report);
    await checkIndexes(cluster, entities, report);
    await checkErasures(cluster, erasures.requested, report);
    await awaitHealth(cluster, report);
  }
  await watch.checkHoles(report);
  await countJobs(cluster.database, report);
  await checkDatabase(cluster.database, report);
  checkEngines(cluster.nodes, report);
}

/** Starts of an engine after the first one. */
function restartsOf({ nodes }: Cluster): number {
  return nodes.reduce((sum, { starts }) => sum + starts - 1, 0);
}

/** So that the first faults find something to interrupt. */
async function createFirst({ nodes, mongo }: Cluster, dice: Dice): Promise<void> {
  const api = await nodes[0]?.ready();
  await openAccounts(mongo);
  for (const { shape } of bankEntities) await api?.request('POST', '/api/v1/entities', { body: shape });
  for (let created = 0; created < 4; created += 1)
    await api?.request('POST', '/api/v1/entities', { body: anyShape(dice) });
}

function keepLogs({ nodes, directory }: Cluster, report: Report): void {
  if (report.wrong.length === 0) return;
  for (const node of nodes) writeFileSync(path.join(directory, `${node.nodeId}.log`), node.log());
}

process.exitCode = await main();
