import { expect, test } from 'vitest';
import { isRowRefused, toDatabaseError } from './database-error.ts';

function errorWith(fields: object): Error {
  return Object.assign(new Error('failed'), fields);
}

test.each(['EPIPE', 'ECONNRESET', 'ETIMEDOUT', 'ERR_STREAM_DESTROYED'])('%s means that PostgreSQL is away', (code) => {
  expect(toDatabaseError(errorWith({ code }))).toMatchObject({ code: 'EMC-3001' });
  expect(toDatabaseError(errorWith({ code, syscall: 'write' }))).toMatchObject({ code: 'EMC-3001' });
});

test('a code of the operating system with five letters is not taken for a SQLSTATE', () => {
  expect(toDatabaseError(errorWith({ code: 'EBUSY', syscall: 'connect' }))).toMatchObject({ code: 'EMC-3001' });
  expect(isRowRefused(errorWith({ code: 'EPIPE' }))).toBe(false);
});

test('a SQLSTATE decides by its class', () => {
  expect(toDatabaseError(errorWith({ code: '08006' }))).toMatchObject({ code: 'EMC-3001' });
  expect(isRowRefused(errorWith({ code: '22P02' }))).toBe(true);
  const other = errorWith({ code: '42P01' });
  expect(toDatabaseError(other)).toBe(other);
});
