import { existsSync } from 'node:fs';
import path from 'node:path';
import { read, root } from './repository.ts';

/** What is wrong with a cell of a page in `docs` that names tests: `[file](../path.test.ts) “part of the name”`, separated by semicolons. */
export function problemsOfNamedTests(row: string, tests: string): readonly string[] {
  if (tests.startsWith('No test: ')) return [];
  const named = tests.split('; ').map((each) => /^\[[^\]]+\]\((\.\.\/[^)]+\.(?:test|spec)\.tsx?)\) “(.+)”$/.exec(each));
  return named.flatMap((match) => {
    if (match === null) return [`${row}: ${tests} is not a list of links with names`];
    const [, link = '', name = ''] = match;
    const file = path.join('docs', link);
    if (!existsSync(path.join(root, file))) return [`${row}: ${file} does not exist`];
    return read(file).includes(name) ? [] : [`${row}: ${file} has no test “${name}”`];
  });
}
