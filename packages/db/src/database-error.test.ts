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

test('a session that was ended during a statement of Prisma, which has a code of its own for it, means that PostgreSQL is away', () => {
  const cause = { originalCode: '57P01', originalMessage: 'terminating connection due to administrator command' };
  const meta = { modelName: 'Job', driverAdapterError: { name: 'DriverAdapterError', cause } };
  expect(toDatabaseError(errorWith({ code: 'P2039', meta }))).toMatchObject({ code: 'EMC-3001' });
  const defect = errorWith({ code: 'P2039', meta: { driverAdapterError: { cause: { originalCode: '42P01' } } } });
  expect(toDatabaseError(defect)).toBe(defect);
});
