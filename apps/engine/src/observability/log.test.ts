import { expect, test } from 'vitest';
import { createLog, redactCredentials } from './log.ts';

test.each([
  ['mongodb+srv://app:hunter2@cluster0.example.org/shop', 'mongodb+srv://***@cluster0.example.org/shop'],
  ['connect postgres://app:hunter2@db:5432/emc failed', 'connect postgres://***@db:5432/emc failed'],
  ['host=db password=hunter2 user=app', 'host=db password=*** user=app'],
  ['{"authorization":"Bearer hunter2"}', '{"authorization":"***"}'],
  ['http://127.0.0.1:4000/trpc', 'http://127.0.0.1:4000/trpc'],
])('%s', (given, shown) => {
  expect(redactCredentials(given)).toBe(shown);
});

test('a password in an error, its cause or a field never reaches the destination', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line) });
  const cause = new Error('no answer from mongodb://app:hunter2@db');
  log.child({ url: 'postgres://app:hunter2@db' }).error({ err: new Error('start failed', { cause }) }, 'It failed.');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('no answer from mongodb://***@db');
  expect(lines[0]).not.toContain('hunter2');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'It failed.' });
});
