import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Killer } from './mutant.ts';

/** What the tests said. `broken`: a file could not be loaded, or no test ran, which proves nothing about the mutant. */
export type Verdict =
  | { readonly kind: 'failed'; readonly test: string }
  | { readonly kind: 'passed'; readonly tests: number }
  | { readonly kind: 'broken'; readonly reason: string };

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}

/** A mutant that makes a test wait for ever is ended after this time, and counts as killed by the time-out. */
const runMsMax = 240_000;

/** Runs tests one after the other in the work copy, until one fails. */
export async function runKillers(root: string, killers: readonly Killer[]): Promise<Verdict> {
  let tests = 0;
  for (const killer of killers) {
    const verdict = await runKiller(root, killer);
    if (verdict.kind !== 'passed') return verdict;
    tests += verdict.tests;
  }
  return { kind: 'passed', tests };
}

async function runKiller(root: string, { file, name }: Killer): Promise<Verdict> {
  const report = path.join(root, 'mutant-report.json');
  rmSync(report, { force: true });
  const words = ['run', file, '--reporter=json', `--outputFile=${report}`, '--bail=1', '--retry=0'];
  if (name !== undefined) words.push('--testNamePattern', name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const isOver = await run(root, words);
  if (isOver) return { kind: 'failed', test: `(no end within ${runMsMax / 1_000} s)` };
  if (!existsSync(report)) return { kind: 'broken', reason: 'Vitest wrote no report.' };
  return verdictOf(JSON.parse(readFileSync(report, 'utf8')) as Report);
}

function verdictOf({ testResults }: Report): Verdict {
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.find(({ status }) => status === 'failed');
  if (failed !== undefined) return { kind: 'failed', test: failed.title };
  const broken = testResults.find(({ status }) => status === 'failed');
  if (broken !== undefined) return { kind: 'broken', reason: broken.message };
  const tests = results.filter(({ status }) => status === 'passed').length;
  return tests === 0 ? { kind: 'broken', reason: 'No test has this name.' } : { kind: 'passed', tests };
}

/** True if it had to be ended. */
function run(root: string, words: readonly string[]): Promise<boolean> {
  const program = path.join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [program, ...words], {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return new Promise((resolve, reject) => {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      child.kill('SIGTERM');
    }, runMsMax);
    child.once('error', reject);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(isOver);
    });
  });
}
