import process from 'node:process';
import { afterEach, expect, test, vi } from 'vitest';
import { isFit, openSqlite } from './sqlite.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('SQLite is fit from the version on that has STRICT tables', () => {
  expect(['3.36.9', '3.37.0', '3.53.4', '4.0.0', '2.99.0'].map(isFit)).toEqual([false, true, true, true, false]);
});

test('a Node.js without node:sqlite is refused with what to do (EMC-7006)', () => {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
  expect(openSqlite).toThrow('has no module node:sqlite');
});
