import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A copy of the repository in which sources may be changed. Deleted when it is disposed. */
export interface WorkCopy extends Disposable {
  readonly root: string;
  /** Replaces files until the returned resource is disposed. */
  with(contents: ReadonlyMap<string, string>): Disposable;
}

/** Copies what Git would commit and what is generated. Installed packages are linked, the repository's own packages are the copies. */
export function copyWork(original: string): WorkCopy {
  const root = mkdtempSync(path.join(tmpdir(), 'emcachers-mutants-'));
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: original });
  const files = listed
    .toString('utf8')
    .split('\0')
    .filter((file) => file !== '' && existsSync(path.join(original, file)));
  for (const file of files) cpSync(path.join(original, file), path.join(root, file));
  cpSync(path.join(original, 'packages/db/src/generated'), path.join(root, 'packages/db/src/generated'), {
    recursive: true,
  });
  linkModules(original, root);
  return {
    root,
    with: (contents) => replaceFiles(root, contents),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

function linkModules(original: string, root: string): void {
  const own = '@emcachers';
  for (const folder of [
    '',
    'apps/engine',
    ...readdirSync(path.join(original, 'packages')).map((name) => `packages/${name}`),
  ]) {
    const modules = path.join(original, folder, 'node_modules');
    if (!existsSync(modules)) continue;
    mkdirSync(path.join(root, folder, 'node_modules'), { recursive: true });
    for (const name of readdirSync(modules).filter((entry) => entry !== own && entry !== '.vite' && entry !== '.cache'))
      symlinkSync(path.join(modules, name), path.join(root, folder, 'node_modules', name));
  }
  // npm's links are relative, so that they lead to the copies.
  cpSync(path.join(original, 'node_modules', own), path.join(root, 'node_modules', own), {
    recursive: true,
    verbatimSymlinks: true,
  });
}

function replaceFiles(root: string, contents: ReadonlyMap<string, string>): Disposable {
  const before = new Map([...contents.keys()].map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
  const write = (files: ReadonlyMap<string, string>): void => {
    for (const [file, text] of files) writeFileSync(path.join(root, file), text);
  };
  write(contents);
  return { [Symbol.dispose]: () => write(before) };
}
