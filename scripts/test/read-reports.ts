import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { addCounts, noTests, type TestCounts } from './test-counts.ts';

/** The fields of Vitest's JSON report that are used here. */
interface VitestReport {
  readonly testResults: readonly {
    /** Absolute path of the test file. */
    readonly name: string;
    readonly status: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

interface PlaywrightReport {
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

/** The counts by package. `exitCode` is the runner's: an unhandled error fails the run without failing a test. */
export function readVitestReport(file: string, root: string, exitCode: number): Map<string, TestCounts> {
  const byPackage = new Map<string, TestCounts>();
  for (const result of readJson<VitestReport>(file)?.testResults ?? []) {
    const name = packageOf(path.relative(root, result.name));
    byPackage.set(name, addCounts(byPackage.get(name) ?? noTests, countFile(result)));
  }
  const failed = [...byPackage.values()].some((counts) => counts.failed > 0);
  if (byPackage.size === 0 || (exitCode !== 0 && !failed)) byPackage.set('(outside any test)', oneFailure);
  return byPackage;
}

export function readPlaywrightReport(file: string, exitCode: number): Map<string, TestCounts> {
  const stats = readJson<PlaywrightReport>(file)?.stats;
  if (stats === undefined) return new Map([['e2e', oneFailure]]);
  const failed = stats.unexpected === 0 && exitCode !== 0 ? 1 : stats.unexpected;
  return new Map([
    [
      'e2e',
      { passed: stats.expected + stats.flaky, failed, skipped: stats.skipped, durationMs: Math.round(stats.duration) },
    ],
  ]);
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
