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
  const ids = Array.from({ length: invariantCount }, (_, index) => `I${index + 1}`);
  const found = sections();
  expect(ids.flatMap((id) => problemsOf(id, found.get(id) ?? ''))).toEqual([]);
});

function problemsOf(id: string, section: string): string[] {
  const links = [...section.matchAll(/\]\((\.\.\/[^)]+\.(?:test|spec)\.ts)\)/g)].map(([, link]) => link ?? '');
  if (links.length === 0) return [`${id} names no test`];
  return links.flatMap((link) => {
    const file = path.join('docs', link);
    if (!existsSync(path.join(root, file))) return [`${id}: ${file} does not exist`];
    return new RegExp(`\\b${id}\\b`).test(read(file)) ? [] : [`${id}: ${file} does not cite it`];
  });
}
