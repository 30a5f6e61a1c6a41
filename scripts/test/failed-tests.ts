import path from 'node:path';
import type { Difference } from './difference-reporter.ts';
import type { PlaywrightReport, PlaywrightSuite, VitestReport } from './report-types.ts';

/** A test that failed, for the list that `npm test` prints at its end: a log that is cut still names it. */
export interface FailedTest {
  /** The test file, relative to the repository. */
  readonly file: string;
  /** Empty if the file failed outside any test. */
  readonly name: string;
  /** The first lines of the error; empty if the runner gave none. */
  readonly error: string;
}

const errorLinesMax = 6;
const differenceLinesMax = 30;

/** What Vitest's report and the reporter of differences wrote; empty if a run ended before. */
export interface VitestRun {
  readonly report: VitestReport | null;
  readonly differences: readonly Difference[];
}

export function failedInVitest({ report, differences }: VitestRun, root: string): FailedTest[] {
  return (report?.testResults ?? []).flatMap((result) => {
    const file = path.relative(root, result.name);
    const failed = result.assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0 && result.status === 'failed')
      return [{ file, name: '', error: firstLines(result.message ?? '') }];
    return failed.map(({ fullName, failureMessages }) => {
      const seen = differences.filter((each) => each.file === result.name && isNamed(each.name, fullName));
      const lines = seen.map(({ difference }) => firstLines(difference, differenceLinesMax));
      return { file, name: fullName, error: [firstLines(failureMessages?.join('\n') ?? ''), ...lines].join('\n') };
    });
  });
}

/** The report joins the names of suites and test with a space, the test itself with ` > `. */
function isNamed(name: string, fullName: string): boolean {
  return name.split(' > ').join(' ') === fullName.split(' > ').join(' ');
}

export function failedInPlaywright(report: PlaywrightReport | null): FailedTest[] {
  return (report?.suites ?? []).flatMap(failedInSuite);
}

function failedInSuite({ specs = [], suites = [] }: PlaywrightSuite): FailedTest[] {
  const own = specs
    .filter(({ ok }) => !ok)
    .map(({ file, title, tests }) => ({
      ...{ file: `e2e/${file}`, name: title },
      error: firstLines(
        tests.flatMap(({ results }) => results.map((result) => result.error?.message ?? '')).join('\n'),
      ),
    }));
  return [...own, ...suites.flatMap(failedInSuite)];
}

/** The list, empty without a failure. */
export function renderFailed(failed: readonly FailedTest[]): string {
  if (failed.length === 0) return '';
  const entries = failed.map(({ file, name, error }) =>
    [`  ${file}${name === '' ? '' : `: ${name}`}`, ...error.split('\n').map((line) => `    ${line}`)].join('\n'),
  );
  return `\nFailed tests:\n${entries.join('\n')}\n`;
}

function firstLines(text: string, linesMax = errorLinesMax): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(0, linesMax).join('\n');
}
