import { expect, test } from 'vitest';
import { problemsOfNamedTests } from './named-tests.ts';
import { read } from './repository.ts';

test('every threat of docs/security.md names tests that exist', () => {
  const [, threats = ''] = read('docs/security.md').split('## Threats');
  const rows = [...threats.matchAll(/^\| (?!threat |---)([^|]+) \| (.+) \|$/gm)];
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.flatMap(([, threat = '', tests = '']) => problemsOfNamedTests(threat, tests))).toEqual([]);
});
