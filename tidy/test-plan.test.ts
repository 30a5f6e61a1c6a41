import { expect, test } from 'vitest';
import { planTests } from '../scripts/test/test-plan.ts';

const packages = ['core', 'engine', 'mongo-embedded', 'tidy'];
const plan = (words: readonly string[], isEmbeddedProven: boolean) => planTests(words, { packages, isEmbeddedProven });

test('without words every package and the browser run, the embedded server too where its suite has not passed yet', () => {
  expect(plan([], false)).toMatchObject({ packages: ['core', 'engine', 'mongo-embedded'], isE2e: true });
});

test('the embedded server is left out once its suite has passed, and the output says how to run it', () => {
  const left = plan([], true);
  expect(left).toMatchObject({ packages: ['core', 'engine'], isE2e: true });
  expect(left?.notes.join('\n')).toContain('npm test -- all');
});

test('`all` leaves nothing out, and a package that is named runs whatever passed before', () => {
  expect(plan(['all'], true)).toMatchObject({ packages: ['core', 'engine', 'mongo-embedded'], isE2e: true });
  expect(plan(['mongo-embedded'], true)).toMatchObject({ packages: ['mongo-embedded'], isE2e: false, notes: [] });
});

test('`unit` runs no browser, `e2e` nothing else, and an unknown word makes no plan', () => {
  expect(plan(['unit'], false)).toMatchObject({ packages: ['core', 'engine', 'mongo-embedded'], isE2e: false });
  expect(plan(['e2e'], false)).toMatchObject({ packages: [], isE2e: true });
  expect(plan(['nonsense'], false)).toBeNull();
});
