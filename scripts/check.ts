import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';

/** `npm run check`: runs every check, even if an earlier one fails. */
interface Step {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
}

const root = path.resolve(import.meta.dirname, '..');
const steps: readonly Step[] = [
  { title: 'Format and lint (Biome)', command: ['biome', 'ci', '.'] },
  { title: 'Types (tsc, every strict flag)', command: ['turbo', 'run', 'typecheck', '--output-logs=errors-only'] },
  { title: 'Types of scripts, bench, prove and tidy', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { title: 'Type-aware lint (typescript-eslint)', command: ['eslint', '.', '--max-warnings=0'] },
  {
    title: 'Imports and layers (dependency-cruiser)',
    command: [
      'depcruise',
      'apps',
      'packages',
      'e2e',
      'scripts',
      'bench',
      'prove',
      '--config',
      '.dependency-cruiser.mjs',
    ],
  },
  { title: 'Dead code (knip)', command: ['knip', '--no-progress'] },
  {
    title: 'Code that only tests use (knip)',
    command: ['knip', '--no-progress', '--production', '--include', 'files,exports,types'],
  },
  { title: 'Duplicates (jscpd)', command: ['jscpd', '--config', '.jscpd.json'] },
  { title: 'Project rules (tidy)', command: ['vitest', 'run', '--project', 'tidy', '--reporter=dot'] },
];

function run(step: Step): Promise<boolean> {
  const [command, ...args] = step.command;
  process.stdout.write(`\n▸ ${step.title}\n`);
  const startedAt = performance.now();
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      process.stdout.write(
        `  ${code === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`,
      );
      resolve(code === 0);
    });
  });
}

const failed: string[] = [];
for (const step of steps) if (!(await run(step))) failed.push(step.title);
process.stdout.write(
  failed.length === 0
    ? '\nAll checks passed.\n'
    : `\nFailed: ${failed.join('; ')}. \`npm run format\` fixes formatting.\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
