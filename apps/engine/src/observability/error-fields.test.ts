import { EmcachersError } from '@emcachers/core/emcachers-error';
import { openDatabase } from '@emcachers/db/database';
import { createTestDatabase } from '@emcachers/db/testing';
import { expect, test } from 'vitest';
import { errorFields } from './error-fields.ts';

test('an error of the catalogue has its code, detail, hint and causes', () => {
  const cause = new TypeError('inner', { cause: 'a string' });
  const error = new EmcachersError({ code: 'EMC-3001', detail: 'The server is away.', hint: 'Start it.', cause });
  expect(errorFields(error)).toMatchObject({
    ...{ type: 'EmcachersError', code: 'EMC-3001', detail: 'The server is away.', hint: 'Start it.' },
    stack: expect.stringContaining('EMC-3001'),
    cause: { type: 'TypeError', message: 'inner', cause: 'a string' },
  });
});

test('a row that PostgreSQL names in an error, the statement and the connection are left out', async () => {
  await using created = await createTestDatabase();
  const database = openDatabase({ url: created.url });
  const sql = `INSERT INTO node (id, roles, host) VALUES ('secret-value', NULL, 'here')`;
  const error = await database.pool.query(sql).catch((thrown: unknown) => thrown);
  await database.close();
  expect(error).toMatchObject({ detail: expect.stringContaining('secret-value') });
  const fields = errorFields(Object.assign(error as Error, { client: { secretKey: 42 }, cause: new Error('x') }));
  expect(fields).toMatchObject({ code: '23502', table: 'node', column: 'roles', message: expect.any(String) });
  expect(JSON.stringify(fields)).not.toMatch(/secret-value|secretKey/);
});

test('an aggregate has its errors, a cycle of causes ends, and what is no error stays', () => {
  expect(errorFields(new AggregateError([new Error('first'), 5], 'both'))).toMatchObject({
    ...{ type: 'AggregateError', message: 'both' },
    errors: [{ message: 'first' }, undefined],
  });
  const first = new Error('first');
  first.cause = new Error('second', { cause: first });
  expect(JSON.stringify(errorFields(first)).length).toBeLessThan(50_000);
  expect(errorFields('text')).toBe('text');
});
