import path from 'node:path';
import process from 'node:process';
import { printCoverage } from './coverage/print-coverage.ts';
import { runCommand } from './test/run-command.ts';
import { testPackages } from './test/test-plan.ts';

/**
 * `npm run coverage`: runs the packages' tests and prints the lines that they cover, by package and by folder of the
 * engine. `npm run coverage -- core db` measures only these. Exit code 1 if a test failed or a group is below its
 * bound (scripts/coverage/coverage-rules.ts), 2 for a package that does not exist.
 */
const root = path.resolve(import.meta.dirname, '..');

async function main(words: readonly string[]): Promise<number> {
  const packages = testPackages(root).filter((name) => name !== 'tidy');
  if (words.some((word) => !packages.includes(word))) {
    process.stderr.write(`usage: npm run coverage [-- <package> …]\n  <package>   ${packages.join(', ')}\n`);
    return 2;
  }
  const chosen = words.length === 0 ? packages : words;
  const projects = chosen.flatMap((name) => ['--project', name]);
  const code = await runCommand('vitest', ['run', '--coverage.enabled', ...projects], { cwd: root });
  const isCovered = printCoverage(root, chosen);
  return code === 0 && isCovered ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
