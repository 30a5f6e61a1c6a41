import { EmcachersError } from '@emcachers/core/emcachers-error';
import { errorCodes } from '@emcachers/core/error-codes';
import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeError, inputError, trpcCodeOf } from './api-error.ts';

test.each([...new Set(Object.values(errorCodes).map(({ httpStatus }) => httpStatus))])(
  'tRPC answers with the same HTTP status as REST: %i',
  (status) => {
    expect(getHTTPStatusCodeFromError(new TRPCError({ code: trpcCodeOf(status) }))).toBe(status);
  },
);

test('an error of the catalogue keeps its code and fields, also inside an error of tRPC', () => {
  const cause = new EmcachersError({ code: 'EMC-5003', detail: 'orders exists already.', hint: 'Pick another name.' });
  const described = { code: 'EMC-5003', status: 409, detail: 'orders exists already.', hint: 'Pick another name.' };
  expect(describeError(cause)).toMatchObject(described);
  expect(describeError(new TRPCError({ code: 'CONFLICT', cause }))).toMatchObject(described);
});

test('invalid input is EMC-5001 and names each field', () => {
  const parsed = z
    .strictObject({ limit: z.number(), names: z.array(z.string()) })
    .safeParse({ limit: 'x', names: [1] });
  const error = parsed.error ?? new z.ZodError([]);
  const described = describeError(error);
  expect(described).toMatchObject({ code: 'EMC-5001', status: 400 });
  expect(described.fields.map(({ path }) => path)).toEqual([['limit'], ['names', 0]]);
  expect(described.detail).toMatch(/^limit: .+ names\.0: /);
  expect(inputError(error)).toMatchObject({ code: 'EMC-5001', detail: described.detail, fields: described.fields });
  expect(describeError(z.string().safeParse(1).error).detail).toMatch(/^input: /);
});

test.each([
  ['NOT_FOUND', 'EMC-5011', 404],
  ['METHOD_NOT_SUPPORTED', 'EMC-7010', 405],
  ['UNSUPPORTED_MEDIA_TYPE', 'EMC-7011', 415],
  ['PARSE_ERROR', 'EMC-7015', 400],
  ['BAD_REQUEST', 'EMC-5001', 400],
] as const)('what tRPC refuses with %s is %s with its message', (code, emcCode, status) => {
  const error = new TRPCError({ code, message: 'No procedure found on path "x"', cause: new SyntaxError('secret') });
  expect(describeError(error)).toMatchObject({ code: emcCode, status, detail: 'No procedure found on path "x"' });
});

test.each([
  new Error('password=secret'),
  'secret',
  new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'secret' }),
  new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause: new Error('secret') }),
])('an unexpected error is EMC-5999 without its message, which may be secret', (thrown) => {
  const described = describeError(thrown);
  expect(described).toMatchObject({ code: 'EMC-5999', status: 500 });
  expect(JSON.stringify(described)).not.toContain('secret');
});
