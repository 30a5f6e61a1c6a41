import { expect, test } from 'vitest';
import { engineUrl } from './engine-url.ts';

test.each([
  ['127.0.0.1', 'http://127.0.0.1:4000'],
  ['engine.example', 'http://engine.example:4000'],
  ['::1', 'http://[::1]:4000'],
  ['0.0.0.0', 'http://127.0.0.1:4000'],
  ['::', 'http://[::1]:4000'],
])('an engine that listens on %s is reached at %s', (host, url) => {
  expect(engineUrl(host, 4000)).toBe(url);
  expect(new URL(url).origin).toBe(url);
});
