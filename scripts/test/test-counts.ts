/** The test counts of one package, from a runner's report. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Sum over the package's test files. Files that run side by side each count in full. */
  readonly durationMs: number;
}

export const noTests: TestCounts = { passed: 0, failed: 0, skipped: 0, durationMs: 0 };

export function addCounts(left: TestCounts, right: TestCounts): TestCounts {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
    durationMs: left.durationMs + right.durationMs,
  };
}

/** The table that `npm test` prints before its last line. */
export function renderCounts(byPackage: ReadonlyMap<string, TestCounts>): string {
  const rows = [...byPackage].map(
    ([name, counts]) =>
      `${name.padEnd(24)}${String(counts.passed).padStart(8)}${String(counts.failed).padStart(8)}${String(counts.skipped).padStart(9)}${(counts.durationMs / 1000).toFixed(1).padStart(11)}`,
  );
  return [`${'package'.padEnd(24)}  passed  failed  skipped  seconds`, ...rows].join('\n');
}
