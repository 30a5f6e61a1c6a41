import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');

/** All tracked and untracked files that git does not ignore, as paths from the root. */
export function repositoryFiles(): readonly string[] {
  const output = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--deduplicate'], {
    cwd: root,
    encoding: 'utf8',
  });
  const removed = new Set(execFileSync('git', ['ls-files', '-d'], { cwd: root, encoding: 'utf8' }).split('\n'));
  return output.split('\n').filter((file) => file !== '' && !removed.has(file));
}

export function sourceFiles(): readonly string[] {
  return repositoryFiles().filter((file) => /\.(ts|tsx|mts|mjs)$/.test(file));
}

export function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
