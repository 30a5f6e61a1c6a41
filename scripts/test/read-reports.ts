import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Difference } from './difference-reporter.ts';
import { type FailedTest, failedInPlaywright, failedInVitest } from './failed-tests.ts';
import type { PlaywrightReport, VitestReport } from './report-types.ts';
import { addCounts, noTests, type TestCounts } from './test-counts.ts';

/** Counts a failure outside any test as one failed test: a file that did not load, or a run without a report. */
const oneFailure: TestCounts = { ...noTests, failed: 1 };

/** What a runner's report says. */
export interface ReportedTests {
  readonly counts: ReadonlyMap<string, TestCounts>;
  readonly failed: readonly FailedTest[];
}

/** The files that a run of Vitest writes. */
export interface VitestFiles {
  readonly report: string;
  readonly differences: string;
}

/** The counts by package. `exitCode` is the runner's: an unhandled error fails the run without failing a test. */
export function readVitestReport(files: VitestFiles, root: string, exitCode: number): ReportedTests {
  const byPackage = new Map<string, TestCounts>();
  const report = readJson<VitestReport>(files.report);
  const differences = readJson<Difference[]>(files.differences) ?? [];
  for (const result of report?.testResults ?? []) {
    const name = packageOf(path.relative(root, result.name));
    byPackage.set(name, addCounts(byPackage.get(name) ?? noTests, countFile(result)));
  }
  const failed = [...byPackage.values()].some((counts) => counts.failed > 0);
  if (byPackage.size === 0 || (exitCode !== 0 && !failed)) byPackage.set('(outside any test)', oneFailure);
  return { counts: byPackage, failed: failedInVitest({ report, differences }, root) };
}

export function readPlaywrightReport(file: string, exitCode: number): ReportedTests {
  const report = readJson<PlaywrightReport>(file);
  if (report === null) return { counts: new Map([['e2e', oneFailure]]), failed: [] };
  return { counts: new Map([['e2e', countRun(report.stats, exitCode)]]), failed: failedInPlaywright(report) };
}

function countRun(stats: PlaywrightReport['stats'], exitCode: number): TestCounts {
  const failed = stats.unexpected === 0 && exitCode !== 0 ? 1 : stats.unexpected;
  const passed = stats.expected + stats.flaky;
  return { passed, failed, skipped: stats.skipped, durationMs: Math.round(stats.duration) };
}

function countFile(result: VitestReport['testResults'][number]): TestCounts {
  const statuses = result.assertionResults.map(({ status }) => status);
  const passed = statuses.filter((status) => status === 'passed').length;
  const failedTests = statuses.filter((status) => status === 'failed').length;
  const failed = failedTests === 0 && result.status === 'failed' ? 1 : failedTests;
  return {
    passed,
    failed,
    skipped: statuses.length - passed - failedTests,
    durationMs: Math.max(0, result.endTime - result.startTime),
  };
}

/** `packages/core/src/path.test.ts` → `core`; `tidy/budgets.test.ts` → `tidy`. */
function packageOf(file: string): string {
  const [first = '', second = ''] = file.split(path.sep);
  return first === 'packages' || first === 'apps' ? second : first;
}

function readJson<Report>(file: string): Report | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : null;
}
