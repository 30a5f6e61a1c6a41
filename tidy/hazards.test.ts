import { expect, test } from 'vitest';
import { problemsOfNamedTests } from './named-tests.ts';
import { read } from './repository.ts';

/** Hazards of each chapter, from 1 on. */
const counts = [21, 22, 10, 22, 18];

/** Rows `| 1.2 | hazard | tests |`: links with a part of a test's name, or `No test:` with the reason. */
function rows(): readonly (readonly [number: string, tests: string])[] {
  return [...read('docs/hazards.md').matchAll(/^\| (\d+\.\d+) \| [^|]+ \| (.+) \|$/gm)].map(
    ([, number = '', tests = '']) => [number, tests],
  );
}

test('every hazard has one row', () => {
  const numbers = counts.flatMap((count, chapter) =>
    Array.from({ length: count }, (_, index) => `${chapter + 1}.${index + 1}`),
  );
  expect(rows().map(([number]) => number)).toEqual(numbers);
});

test('every hazard names tests that exist, or says why it has none', () => {
  expect(rows().flatMap(([number, tests]) => problemsOfNamedTests(number, tests))).toEqual([]);
});
