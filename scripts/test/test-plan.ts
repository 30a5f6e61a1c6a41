import { globSync } from 'node:fs';
import path from 'node:path';

/** What one call of `npm test` runs. */
export interface TestPlan {
  /** Vitest projects, by package name. */
  readonly packages: readonly string[];
  readonly isE2e: boolean;
  readonly isCoverage: boolean;
  /** What is left out and why, one sentence each; printed before and after the run. */
  readonly notes: readonly string[];
}

export interface TestSurroundings {
  /** Every package that has a Vitest configuration. */
  readonly packages: readonly string[];
  /** True where the embedded server's suite passed with the files as they are. */
  readonly isEmbeddedProven: boolean;
}

const embedded = 'mongo-embedded';
const embeddedNote =
  'Skipped mongo-embedded: its suite passed here and its files have not changed since. Run it with `npm test -- all`.';
const tidyNote = 'Skipped tidy: `npm run check` runs the house rules.';

/** Packages with tests of their own, `core` for packages/core; `tidy` is run by `npm run check` and by name. */
export function testPackages(root: string): readonly string[] {
  const configs = globSync('{packages,apps}/*/vitest.config.ts', { cwd: root }).map((file) =>
    path.basename(path.dirname(file)),
  );
  return [...configs.sort(), 'tidy'];
}

/** Null for a word that is not known. */
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
