import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../repository.ts';

/**
 * A small repository with this one's rules and only files that break them, in a folder of its own: a run that is cut
 * off leaves nothing behind in the real tree, and the other house rules do not see the broken files.
 */
export interface BrokenHouse {
  readonly folder: string;
  write(file: string, text: string): void;
  /** What the tool prints, standard error included. Its exit code must be other than 0: it has to fail the check. */
  complaints(command: string, ...args: readonly string[]): Promise<string>;
  [Symbol.dispose](): void;
}

/** The files that hold the rules; they are copied as they are. */
const rules = [
  '.dependency-cruiser.mjs',
  '.env.example',
  '.gitignore',
  '.jscpd.json',
  'README.md',
  'biome.json',
  'docs',
  'eslint.config.mjs',
  'knip.json',
  'packages/core/package.json',
  'tidy',
  'tsconfig.base.json',
];

export function createBrokenHouse(): BrokenHouse {
  const folder = mkdtempSync(path.join(tmpdir(), 'emcachers-gates-'));
  for (const rule of rules) cpSync(path.join(root, rule), path.join(folder, rule), { recursive: true });
  rmSync(path.join(folder, 'tidy/gates.test.ts'));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  // The house rules and Biome ask git which files there are.
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  const house: BrokenHouse = {
    folder,
    write(file, text) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    },
    complaints: (command, ...args) => complaintsOf(folder, command, args),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  // knip recognizes test files by the test runner that the package names.
  const manifest = {
    name: 'broken',
    type: 'module',
    workspaces: ['packages/*', 'apps/*'],
    devDependencies: { vitest: '*' },
  };
  house.write('package.json', `${JSON.stringify(manifest)}\n`);
  house.write('tsconfig.json', '{ "extends": "./tsconfig.base.json", "include": ["scripts"] }\n');
  return house;
}

function complaintsOf(cwd: string, command: string, args: readonly string[]): Promise<string> {
  const child = spawn(path.join(root, 'node_modules/.bin', command), args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env['PATH']}` },
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) reject(new Error(`${command} passed files that break its rules:\n${output}`));
      else resolve(output);
    });
  });
}
