import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type FailedTest, failedInPlaywright, failedInVitest } from './failed-tests.ts';
import { addCounts, noTests, type TestCounts } from './test-counts.ts';

/** The fields of Vitest's JSON report that are used here. */
export interface VitestReport {
  readonly testResults: readonly {
    /** Absolute path of the test file. */
    readonly name: string;
    readonly status: string;
    readonly startTime: number;
    readonly endTime: number;
    /** The error of a file that failed outside any test. */
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

export interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs?: readonly {
    readonly title: string;
    readonly ok: boolean;
    /** Relative to the folder of the browser tests. */
    readonly file: string;
    readonly tests: readonly {
      readonly results: readonly { readonly error?: { readonly message?: string } }[];
    }[];
  }[];
}

export interface PlaywrightReport {
  readonly suites: readonly PlaywrightSuite[];
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly flaky: number;
    readonly skipped: number;
    readonly duration: number;
  };
}

/** Counts a failure outside any test as one failed test: a file that did not load, or a run without a report. */
const oneFailure: TestCounts = { ...noTests, failed: 1 };

/** What a runner's report says. */
export interface ReportedTests {
  readonly counts: ReadonlyMap<string, TestCounts>;
  readonly failed: readonly FailedTest[];
}

/** The counts by package. `exitCode` is the runner's: an unhandled error fails the run without failing a test. */
export function readVitestReport(file: string, root: string, exitCode: number): ReportedTests {
  const byPackage = new Map<string, TestCounts>();
  const report = readJson<VitestReport>(file);
  for (const result of report?.testResults ?? []) {
    const name = packageOf(path.relative(root, result.name));
    byPackage.set(name, addCounts(byPackage.get(name) ?? noTests, countFile(result)));
  }
  const failed = [...byPackage.values()].some((counts) => counts.failed > 0);
  if (byPackage.size === 0 || (exitCode !== 0 && !failed)) byPackage.set('(outside any test)', oneFailure);
  return { counts: byPackage, failed: failedInVitest(report, root) };
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
