import { columnTypes } from '@emcachers/core/shape';
import { expect, test } from 'vitest';
import { read } from './repository.ts';

/** The types in the table under "What a column keeps", one per row that has its SQLite type and a description. */
function documentedTypes(): string[] {
  const section = read('docs/glossary.md').split('## What a column keeps')[1] ?? '';
  return [...section.matchAll(/^\| `(\w+)` \| \w+ \| .+ \|$/gm)].map(([, type = '']) => type);
}

test('the glossary says for every column type what it keeps, and lists no other type', () => {
  expect(documentedTypes().toSorted()).toEqual(columnTypes.toSorted());
});
