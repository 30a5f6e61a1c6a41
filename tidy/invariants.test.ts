import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { read, root } from './repository.ts';

const invariantCount = 13;

/** Sections of docs/invariants.md: `## I7 No ghost` followed by links to the tests that enforce it. */
function sections(): Map<string, string> {
  const parts = read('docs/invariants.md')
    .split(/^## (I\d+)\b/m)
    .slice(1);
  const found = new Map<string, string>();
  for (let index = 0; index + 1 < parts.length; index += 2) found.set(parts[index] ?? '', parts[index + 1] ?? '');
  return found;
}

test('every invariant names tests that exist and cite it', () => {
  const problems: string[] = [];
  for (let number = 1; number <= invariantCount; number += 1) {
    const id = `I${number}`;
    const files = [...(sections().get(id) ?? '').matchAll(/\]\((\.\.\/[^)]+\.(?:test|spec)\.ts)\)/g)].map(
      ([, link]) => link ?? '',
    );
    if (files.length === 0) problems.push(`${id} names no test`);
    for (const link of files) {
      const file = path.join('docs', link);
      if (!existsSync(path.join(root, file))) problems.push(`${id}: ${file} does not exist`);
      else if (!new RegExp(`\\b${id}\\b`).test(read(file))) problems.push(`${id}: ${file} does not cite it`);
    }
  }
  expect(problems).toEqual([]);
});
