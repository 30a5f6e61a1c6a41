import { describe, expect, test } from 'vitest';
import { engineErrorOf, whoFails } from './engine-error.ts';

const refused = {
  message: 'An entity named orders exists.',
  data: {
    code: 'CONFLICT',
    httpStatus: 409,
    emcCode: 'EMC-5003',
    detail: 'An entity named orders exists.',
    hint: 'Choose another name.',
    correlationId: 'a1',
    fields: [{ path: ['entityName'], message: 'Taken.' }],
  },
};

describe('errors as pages show them', () => {
  test('the engine’s message is kept, with the field at fault', () => {
    expect(engineErrorOf(refused)).toEqual({
      code: 'EMC-5003',
      detail: 'An entity named orders exists.',
      hint: 'Choose another name.',
      correlationId: 'a1',
      fields: [{ path: ['entityName'], message: 'Taken.' }],
      isPassing: false,
    });
  });

  test('only an unavailable service counts as passing', () => {
    const away = { ...refused, data: { ...refused.data, httpStatus: 503, emcCode: 'EMC-3001' } };
    expect(engineErrorOf(away).isPassing).toBe(true);
    expect(whoFails(engineErrorOf(away))).toBe('The engine reports an error');
  });

  test.each([[new TypeError('Failed to fetch')], ['text'], [null], [{ data: { emcCode: 7 } }]])(
    '%s counts as a lost connection, without a code',
    (error) => {
      expect(engineErrorOf(error)).toMatchObject({ code: null, fields: [], isPassing: true });
      expect(whoFails(engineErrorOf(error))).toBe('The engine does not answer');
    },
  );
});
