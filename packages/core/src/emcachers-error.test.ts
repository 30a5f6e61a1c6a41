import { expect, test } from 'vitest';
import { EmcachersError } from './emcachers-error.ts';
import { errorCodes } from './error-codes.ts';
import { unreachable } from './unreachable.ts';

test('an error has its catalogue entry, and the remedy is the default hint', () => {
  const error = new EmcachersError({ code: 'EMC-1003', detail: 'the disk is full' });
  expect(error.entry).toBe(errorCodes['EMC-1003']);
  expect(error.hint).toBe(errorCodes['EMC-1003'].remedy);
  expect(error.message).toBe(`EMC-1003 ${errorCodes['EMC-1003'].title}: the disk is full`);
});

test('an error keeps its hint, its cause and the invalid fields', () => {
  const cause = new Error('ENOSPC');
  const fields = [{ path: ['columns', 0], message: 'wrong' }];
  const error = new EmcachersError({ code: 'EMC-1003', detail: 'full', hint: 'Free some space.', cause, fields });
  expect(error).toMatchObject({ hint: 'Free some space.', cause, fields });
});

test('unreachable throws an error that names the value', () => {
  expect(() => unreachable('sideways' as never)).toThrow('sideways');
});
