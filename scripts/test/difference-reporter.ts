import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestModule } from 'vitest/node';

/** The variable with the path of the file to write. */
export const differencesVariable = 'EMCACHERS_TEST_DIFFERENCES';

/** Of a failed assertion: what Vitest's JSON report leaves out. */
export interface Difference {
  /** Absolute path of the test file. */
  readonly file: string;
  readonly name: string;
  /** Expected and received values, as lines with `-` and `+`. */
  readonly difference: string;
}

/** Writes what the failed assertions expected and received to the file that the variable names. */
export default class DifferenceReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env[differencesVariable];
    if (file !== undefined) writeFileSync(file, JSON.stringify(modules.flatMap(differencesOf)));
  }
}

function differencesOf(module: TestModule): Difference[] {
  return [...module.children.allTests('failed')].flatMap((test) =>
    (test.result().errors ?? []).flatMap(({ diff }) =>
      diff === undefined
        ? []
        : [{ file: module.moduleId, name: test.fullName, difference: stripVTControlCharacters(diff) }],
    ),
  );
}
