import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/**
 * `npm test`: runs the tests of every package, then the browser tests on the production build. The last line has the counts
 * from the runners' reports. `npm test -- unit` or `npm test -- e2e` runs one half.
 */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = path.resolve(import.meta.dirname, '..');
const reports = mkdtempSync(path.join(tmpdir(), 'emcachers-test-'));

function run(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<number> {
  const child = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function readReport<Report>(file: string): Report | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : null;
}

async function runVitest(): Promise<Counts> {
  const file = path.join(reports, 'vitest.json');
  const code = await run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`], {
    cwd: root,
  });
  const report = readReport<{
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
  }>(file);
  if (report === null) return { passed: 0, failed: 1, skipped: 0 };
  // A suite that cannot be loaded, or an unhandled error, fails the run without a failed test.
  const failed = report.numFailedTests === 0 && code !== 0 ? 1 : report.numFailedTests;
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}

async function runPlaywright(): Promise<Counts> {
  const file = path.join(reports, 'playwright.json');
  const code = await run('playwright', ['test', '--reporter=list,json'], {
    cwd: path.join(root, 'e2e'),
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: file },
  });
  const stats = readReport<{ stats: { expected: number; unexpected: number; flaky: number; skipped: number } }>(
    file,
  )?.stats;
  if (stats === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const failed = stats.unexpected === 0 && code !== 0 ? 1 : stats.unexpected;
  return { passed: stats.expected + stats.flaky, failed, skipped: stats.skipped };
}

const halves: Readonly<Record<string, readonly (() => Promise<Counts>)[]>> = {
  all: [runVitest, runPlaywright],
  unit: [runVitest],
  e2e: [runPlaywright],
};
const chosen = halves[process.argv[2] ?? 'all'];
if (chosen === undefined) throw new Error('usage: npm test [-- unit | e2e]');
const counts: Counts[] = [];
for (const half of chosen) counts.push(await half());
rmSync(reports, { recursive: true, force: true });
const sum = (key: keyof Counts): number => counts.reduce((total, count) => total + count[key], 0);
process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
