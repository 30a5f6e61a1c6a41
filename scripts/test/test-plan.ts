import { globSync } from 'node:fs';
import path from 'node:path';

/** The tests that one call of `npm test` runs. */
export interface TestPlan {
  /** Vitest projects, by package name. */
  readonly packages: readonly string[];
  readonly isE2e: boolean;
  readonly isCoverage: boolean;
  /** One sentence per skipped suite, with the reason; printed before and after the run. */
  readonly notes: readonly string[];
}

export interface TestSurroundings {
  /** Every package that has a Vitest configuration. */
  readonly packages: readonly string[];
  /** True if the embedded server's suite has passed with the current files. */
  readonly isEmbeddedProven: boolean;
}

const embedded = 'mongo-embedded';
const embeddedNote =
  'Skipped mongo-embedded: its suite passed here and its files have not changed since. Run it with `npm test -- all`.';
const tidyNote = 'Skipped tidy: `npm run check` runs the house rules.';

/** The names of packages that have tests, for example `core` for packages/core. `tidy` runs only in `npm run check` or by name. */
export function testPackages(root: string): readonly string[] {
  const configs = globSync('{packages,apps}/*/vitest.config.ts', { cwd: root }).map((file) =>
    path.basename(path.dirname(file)),
  );
  return [...configs.sort(), 'tidy'];
}

/** Null if a word is unknown. */
export function planTests(words: readonly string[], surroundings: TestSurroundings): TestPlan | null {
  const isCoverage = words.includes('--coverage');
  const names = words.filter((word) => word !== '--coverage');
  const known = ['all', 'unit', 'e2e', ...surroundings.packages];
  if (names.some((name) => !known.includes(name))) return null;

  const everything = surroundings.packages.filter((name) => name !== 'tidy');
  if (names.includes('all')) return { packages: everything, isE2e: true, isCoverage, notes: [tidyNote] };

  const isUnit = names.length === 0 || names.includes('unit');
  const chosen = surroundings.packages.filter((name) => {
    if (names.includes(name)) return true;
    return isUnit && everything.includes(name) && !(name === embedded && surroundings.isEmbeddedProven);
  });
  const isEmbeddedLeft = isUnit && !chosen.includes(embedded);
  const isTidyLeft = isUnit && !chosen.includes('tidy');
  return {
    packages: chosen,
    isE2e: names.length === 0 || names.includes('e2e'),
    isCoverage,
    notes: [...(isEmbeddedLeft ? [embeddedNote] : []), ...(isTidyLeft ? [tidyNote] : [])],
  };
}

export function testUsage(packages: readonly string[]): string {
  return [
    'usage: npm test [-- all | unit | e2e | <package> …] [--coverage]',
    '',
    '  (nothing)   every package, then the browser; mongo-embedded only when its files changed',
    '  all         every package and the browser, as CI does',
    '  unit        the packages alone',
    '  e2e         the browser alone',
    `  <package>   ${packages.join(', ')}`,
    '  --coverage  measures lines as well; fails where a package is below its bound',
  ].join('\n');
}
