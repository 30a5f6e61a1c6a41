import { columnTypes } from '@emcachers/core/shape';
import { expect, test } from 'vitest';
import { read } from './repository.ts';

/** The types in the table under "What a column keeps", one per row that has its SQLite type and a description. */
function documentedTypes(): string[] {
  const section = read('docs/glossary.md').split('## What a column keeps')[1] ?? '';
  return [...section.matchAll(/^\| `(\w+)` \| \w+ \| .+ \|$/gm)].map(([, type = '']) => type);
}

test('the glossary describes every column type and no other', () => {
  expect(documentedTypes().toSorted()).toEqual(columnTypes.toSorted());
});
