/**
 * `npm run contract`: runs the contract suite of this package against a server and prints what passed, failed and was
 * skipped, with the reason for each skip. MongoDB's specification files are counted by folder.
 *
 *   npm run contract                                         the embedded server
 *   MONGO_CONTRACT_URL=mongodb://… npm run contract          a running replica set
 *   MONGOD_BINARY=/usr/bin/mongod npm run contract           a mongod, started for this run
 *   EMCACHERS_SPEC_DIR=…/specifications npm run contract     also MongoDB's own test files (any folder of them;
 *                                                            EMCACHERS_SPEC_FOLDERS names some of its folders)
 *   npm run contract -- change-streams bulk                  only test files whose path contains one of the words
 *
 * Exit code 1 if a test failed or none was found.
 */
import { fileURLToPath } from 'node:url';
import { startVitest, type TestCase, type TestModule } from 'vitest/node';
import { startMongod } from './mongod-process.ts';

interface Tally {
  passed: number;
  readonly failures: string[];
  readonly skips: Map<string, number>;
}

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
/** The folder of a specification file, from the full name of its test; the format's tests of runners are three folders. */
const SPECIFICATION_FOLDER = /^unified specification tests (?:> )?(unified-test-format\/tests\/[\w-]+|[\w-]+)\//;

async function main(words: readonly string[]): Promise<number> {
  const binary = process.env['MONGOD_BINARY'];
  const isGiven = Boolean(process.env['MONGO_CONTRACT_URL']);
  const mongod = binary && !isGiven ? await startMongod(binary) : null;
  if (mongod !== null) process.env['MONGO_CONTRACT_URL'] = mongod.url;
  writeLine(`Server: ${process.env['MONGO_CONTRACT_URL'] ?? 'the embedded server, one for each test file'}`);
  writeLine(`Specification files: ${process.env['EMCACHERS_SPEC_DIR'] ?? 'none (EMCACHERS_SPEC_DIR is not set)'}`);
  try {
    const tallies = await run(words, mongod !== null || isGiven);
    return print(tallies);
  } finally {
    await mongod?.stop();
  }
}

/** Runs the contract. With one shared server, test files run one at a time, because fail points are global. */
async function run(words: readonly string[], isShared: boolean): Promise<Map<string, Tally>> {
  const filters = [...words];
  const vitest = await startVitest('test', filters, {
    root: packageFolder,
    watch: false,
    reporters: ['dot'],
    fileParallelism: !isShared,
    include: ['contract/**/*.test.ts'],
  });
  const tallies = new Map<string, Tally>();
  for (const module of vitest.state.getTestModules()) addModule(module, tallies);
  await vitest.close();
  return tallies;
}

function addModule(module: TestModule, tallies: Map<string, Tally>): void {
  const file = module.relativeModuleId;
  for (const error of module.errors()) tallyOf(tallies, file).failures.push(`${file}: ${error.message}`);
  for (const test of module.children.allTests()) {
    const folder = SPECIFICATION_FOLDER.exec(test.fullName)?.[1];
    count(test, tallyOf(tallies, folder === undefined ? file : `${file}: ${folder}`));
  }
}

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  const found = tallies.get(name);
  if (found !== undefined) return found;
  const tally: Tally = { passed: 0, failures: [], skips: new Map() };
  tallies.set(name, tally);
  return tally;
}

function count(test: TestCase, tally: Tally): void {
  const result = test.result();
  switch (result.state) {
    case 'passed':
      tally.passed += 1;
      return;
    case 'failed':
      tally.failures.push(`${test.fullName}\n      ${result.errors[0]?.message ?? 'without a message'}`);
      return;
    case 'skipped': {
      const reason = result.note ?? 'not for this server';
      tally.skips.set(reason, (tally.skips.get(reason) ?? 0) + 1);
      return;
    }
    case 'pending':
      tally.failures.push(`${test.fullName}\n      did not end`);
  }
}

function print(tallies: Map<string, Tally>): number {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  writeLine('\npassed  failed  skipped  file');
  for (const [file, { passed, failures, skips }] of [...tallies].sort(([left], [right]) => left.localeCompare(right))) {
    const skipped = [...skips.values()].reduce((sum, each) => sum + each, 0);
    totals.passed += passed;
    totals.failed += failures.length;
    totals.skipped += skipped;
    writeLine(`${pad(passed, 6)}${pad(failures.length, 8)}${pad(skipped, 9)}  ${file}`);
  }
  writeLine(`${pad(totals.passed, 6)}${pad(totals.failed, 8)}${pad(totals.skipped, 9)}  in all`);
  for (const { failures } of tallies.values()) for (const failure of failures) writeLine(`\nFAILED ${failure}`);
  printSkips(tallies);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

function printSkips(tallies: Map<string, Tally>): void {
  const reasons = new Map<string, number>();
  for (const { skips } of tallies.values()) {
    for (const [reason, times] of skips) reasons.set(reason, (reasons.get(reason) ?? 0) + times);
  }
  if (reasons.size > 0) writeLine('\nSkipped:');
  for (const [reason, times] of [...reasons].sort(([, left], [, right]) => right - left)) {
    writeLine(`${pad(times, 6)}  ${reason}`);
  }
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width);
}

process.exitCode = await main(process.argv.slice(2));
