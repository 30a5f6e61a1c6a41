import { expect, test } from 'vitest';
import { exportedNames } from './exported-names.ts';

test('every function and type that a package exports has a doc comment', () => {
  const names = exportedNames();
  const silent = names.filter(({ isDocumented }) => !isDocumented);
  expect(names.length).toBeGreaterThan(0);
  expect(silent.map(({ file, line, name }) => `${file}:${line} ${name}`)).toEqual([]);
});
