import { errorCodes } from '@emcachers/core/error-codes';
import { expect, test } from 'vitest';
import { renderErrorsPage } from './errors-page.ts';
import { read, sourceFiles } from './repository.ts';

const catalogue = ['', 'request-', 'shape-', 'start-'].map((part) => `packages/core/src/${part}error-codes.ts`);

test('every error code is raised somewhere, and every raised code is in the catalogue', () => {
  const used = new Set<string>();
  for (const file of sourceFiles()) {
    if (catalogue.includes(file) || file.startsWith('tidy/') || /\.(test|spec)\.tsx?$/.test(file)) continue;
    for (const [code] of read(file).matchAll(/EMC-\d{4}/g)) used.add(code);
  }
  const known = Object.keys(errorCodes);
  expect({
    neverRaised: known.filter((code) => !used.has(code)),
    unknown: [...used].filter((code) => !known.includes(code)),
  }).toEqual({
    neverRaised: [],
    unknown: [],
  });
});

test('docs/errors.md matches the catalogue', () => {
  expect(read('docs/errors.md')).toBe(renderErrorsPage());
});
