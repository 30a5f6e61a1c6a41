import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { printCoverage } from './coverage/print-coverage.ts';
import { differencesVariable } from './test/difference-reporter.ts';
import { renderFailed } from './test/failed-tests.ts';
import { type ReportedTests, readPlaywrightReport, readVitestReport } from './test/read-reports.ts';
import { runCommand } from './test/run-command.ts';
import { createSuiteStamp } from './test/suite-stamp.ts';
import { addCounts, noTests, renderCounts } from './test/test-counts.ts';
import { planTests, type TestPlan, testPackages, testUsage } from './test/test-plan.ts';

/**
 * `npm test`: runs the tests of every package, then the browser tests on the production build. Prints the number of
 * passed, failed and skipped tests for each package, names those that failed, and ends with one line of totals, all from the runners' reports. Exit
 * code 1 if a test failed, 2 for an unknown argument.
 */
const root = path.resolve(import.meta.dirname, '..');

async function main(words: readonly string[]): Promise<number> {
  const stamp = createSuiteStamp(root);
  const packages = testPackages(root);
  const plan = planTests(words, { packages, isEmbeddedProven: stamp.isCurrent() });
  if (plan === null) {
    process.stderr.write(`${testUsage(packages)}\n`);
    return 2;
  }
  printNotes(plan);
  const reports = mkdtempSync(path.join(tmpdir(), 'emcachers-test-'));
  try {
    const runs = [await runPackages(plan, reports), await runBrowser(plan, reports)];
    const counts = new Map(runs.flatMap((run) => [...run.counts]));
    const embedded = counts.get('mongo-embedded');
    if (embedded !== undefined && embedded.failed === 0 && embedded.passed > 0 && !counts.has('(outside any test)'))
      stamp.write();
    const isCovered = !plan.isCoverage || printCoverage(root, plan.packages);
    process.stdout.write(`\n${renderCounts(counts)}\n`);
    printNotes(plan);
    process.stdout.write(renderFailed(runs.flatMap(({ failed }) => failed)));
    const total = [...counts.values()].reduce(addCounts, noTests);
    process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
    return total.failed === 0 && isCovered ? 0 : 1;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

const nothingRun: ReportedTests = { counts: new Map(), failed: [] };

async function runPackages(plan: TestPlan, reports: string): Promise<ReportedTests> {
  if (plan.packages.length === 0) return nothingRun;
  const files = { report: path.join(reports, 'vitest.json'), differences: path.join(reports, 'differences.json') };
  const projects = plan.packages.flatMap((name) => ['--project', name]);
  const coverage = plan.isCoverage ? ['--coverage.enabled'] : [];
  const reporters = ['default', 'json', './scripts/test/difference-reporter.ts'].map((each) => `--reporter=${each}`);
  const args = ['run', ...projects, ...coverage, ...reporters, `--outputFile.json=${files.report}`];
  const code = await runCommand('vitest', args, { cwd: root, env: { [differencesVariable]: files.differences } });
  return readVitestReport(files, root, code);
}

async function runBrowser(plan: TestPlan, reports: string): Promise<ReportedTests> {
  if (!plan.isE2e) return nothingRun;
  const file = path.join(reports, 'playwright.json');
  const code = await runCommand('playwright', ['test', '--reporter=list,json'], {
    cwd: path.join(root, 'e2e'),
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: file },
  });
  return readPlaywrightReport(file, code);
}

function printNotes(plan: TestPlan): void {
  for (const note of plan.notes) process.stdout.write(`${note}\n`);
}

process.exitCode = await main(process.argv.slice(2));
