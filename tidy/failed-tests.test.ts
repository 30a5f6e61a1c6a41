import { expect, test } from 'vitest';
import { failedInPlaywright, failedInVitest, renderFailed } from '../scripts/test/failed-tests.ts';

test('a failed test of a package is listed with its file, its name the first lines of its error and what differed', () => {
  const report = {
    testResults: [
      {
        ...{ name: '/repository/apps/engine/test/scan.test.ts', status: 'failed', startTime: 0, endTime: 1 },
        assertionResults: [
          { status: 'passed', fullName: 'the sound one' },
          { status: 'failed', fullName: 'the scan is whole', failureMessages: ['Error: 2 is not 3\n    at x:1:2'] },
        ],
      },
      {
        ...{ name: '/repository/packages/db/src/broken.test.ts', status: 'failed', startTime: 0, endTime: 1 },
        ...{ assertionResults: [], message: 'Cannot find module' },
      },
    ],
  };
  const differences = [
    { file: '/repository/apps/engine/test/scan.test.ts', name: 'the scan > is whole', difference: '- 3\n+ 2' },
    { file: '/repository/apps/engine/test/other.test.ts', name: 'the scan > is whole', difference: '- 5' },
  ];
  const failed = failedInVitest({ report, differences }, '/repository');
  expect(renderFailed(failed)).toBe(`
Failed tests:
  apps/engine/test/scan.test.ts: the scan is whole
    Error: 2 is not 3
        at x:1:2
    - 3
    + 2
  packages/db/src/broken.test.ts
    Cannot find module
`);
});

test('a failed browser test is listed wherever its suite is nested, and a passed one is not', () => {
  const spec = (title: string, ok: boolean) => ({
    ...{ title, ok, file: 'pause.spec.ts' },
    tests: [{ results: ok ? [{}] : [{ error: { message: 'Timed out' } }] }],
  });
  const suites = [{ specs: [spec('passes', true)], suites: [{ specs: [spec('pauses', false)] }] }];
  const stats = { expected: 1, unexpected: 1, flaky: 0, skipped: 0, duration: 1 };
  expect(failedInPlaywright({ suites, stats })).toEqual([
    { file: 'e2e/pause.spec.ts', name: 'pauses', error: 'Timed out' },
  ]);
});

test('without a failure nothing is printed', () => {
  expect(renderFailed([])).toBe('');
});
