import { expect, test } from 'vitest';
import { planTests } from '../scripts/test/test-plan.ts';

const packages = ['core', 'engine', 'mongo-embedded', 'tidy'];
const plan = (words: readonly string[], isEmbeddedProven: boolean) => planTests(words, { packages, isEmbeddedProven });

test('without arguments runs every package and the browser, and the embedded server if its suite has not passed yet', () => {
  expect(plan([], false)).toMatchObject({ packages: ['core', 'engine', 'mongo-embedded'], isE2e: true });
});

test('skips the embedded server once its suite has passed, and prints how to run it', () => {
  const left = plan([], true);
  expect(left).toMatchObject({ packages: ['core', 'engine'], isE2e: true });
  expect(left?.notes.join('\n')).toContain('npm test -- all');
});

test('`all` skips nothing, and a named package always runs', () => {
  expect(plan(['all'], true)).toMatchObject({ packages: ['core', 'engine', 'mongo-embedded'], isE2e: true });
  expect(plan(['mongo-embedded'], true)).toMatchObject({ packages: ['mongo-embedded'], isE2e: false, notes: [] });
});

test('`unit` skips the browser, `e2e` runs only the browser, and an unknown argument is rejected', () => {
  expect(plan(['unit'], false)).toMatchObject({ packages: ['core', 'engine', 'mongo-embedded'], isE2e: false });
  expect(plan(['e2e'], false)).toMatchObject({ packages: [], isE2e: true });
  expect(plan(['nonsense'], false)).toBeNull();
});
