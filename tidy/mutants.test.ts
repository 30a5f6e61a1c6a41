import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { mutated } from '../prove/mutants/mutant.ts';
import { mutants } from '../prove/mutants/mutants.ts';

const root = path.resolve(import.meta.dirname, '..');

test('the source has the text that each mutant changes, exactly once', () => {
  for (const mutant of mutants) expect(mutated(root, mutant).size).toBeGreaterThan(0);
});

test('the tests that should kill a mutant exist', () => {
  for (const { id, killers } of mutants)
    for (const { file, name = '' } of killers)
      expect(readFileSync(path.join(root, file), 'utf8'), `${id}: ${file}`).toContain(name);
});

test('the mutants M1 to M20 are all there', () => {
  const numbers = new Set(mutants.map(({ id }) => id.replace(/[a-z]$/, '')));
  for (let number = 1; number <= 20; number += 1) expect(numbers).toContain(`M${number}`);
});

test('no two mutants have the same id', () => {
  const ids = mutants.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});
