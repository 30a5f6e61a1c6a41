import { expect, test } from 'vitest';
import { fillFacts } from './fill-facts.ts';

test('facts take the place of their names in braces', () => {
  const text = '{caches} of {entityName} ({fileBytes})';
  expect(fillFacts(text, { caches: '2 caches', entityName: 'orders', fileBytes: '3 MB' })).toBe(
    '2 caches of orders (3 MB)',
  );
});

test('braces that name no fact stay as they are written', () => {
  expect(fillFacts('{entityName} {constructor} {}', { entityName: 'a$&b' })).toBe('a$&b {constructor} {}');
});
