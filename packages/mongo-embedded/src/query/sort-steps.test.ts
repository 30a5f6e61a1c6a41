import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortSteps } from './sort-steps.ts';

test('sorts in steps as Array.prototype.sort does, equal items in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 9_000, size: 'max' }), (numbers) => {
      const items = numbers.map((number, position) => ({ number, position }));
      const compare = (left: { number: number }, right: { number: number }): number => left.number - right.number;
      const steps = sortSteps(items, compare);
      let step = steps.next();
      while (step.done !== true) step = steps.next();
      expect(step.value).toEqual(items.toSorted(compare));
    }),
    { numRuns: 20 },
  );
});

test('a large sort takes many steps', () => {
  const steps = sortSteps(
    Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 100_000),
    (left, right) => left - right,
  );
  let count = 0;
  while (steps.next().done !== true) count += 1;
  expect(count).toBeGreaterThan(100);
});
