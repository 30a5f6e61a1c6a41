import { MongoNetworkError, MongoServerError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { classifyStreamError, toStreamError } from './stream-errors.ts';

function serverError(code: number, labels: string[] = []): MongoServerError {
  return new MongoServerError({ message: `failed with ${code}`, code, errorLabels: labels });
}

describe('errors of the change stream', () => {
  test.each([
    [286, 'lost'],
    [280, 'lost'],
    [260, 'lost'],
    [136, 'lost'],
    [40576, 'lost'],
    [40585, 'lost'],
    [50795, 'lost'],
    [40573, 'fatal'],
    [10334, 'fatal'],
    [13, 'fatal'],
    [43, 'resumable'],
    [91, 'resumable'],
    [189, 'resumable'],
    [237, 'resumable'],
    [11602, 'resumable'],
    [123456, 'resumable'],
  ] as const)('code %i means that the position is %s', (code, expected) => {
    expect(classifyStreamError(serverError(code))).toBe(expected);
  });

  test('the label NonResumableChangeStreamError means lost, whatever the code', () => {
    expect(classifyStreamError(serverError(999, ['NonResumableChangeStreamError']))).toBe('lost');
  });

  test('a network error is resumable, and a programming error is fatal', () => {
    expect(classifyStreamError(new MongoNetworkError('reset'))).toBe('resumable');
    expect(classifyStreamError(new TypeError('defect'))).toBe('fatal');
  });

  test("each becomes an error of the catalogue with the driver's error as its cause", () => {
    expect(toStreamError(serverError(286))).toMatchObject({ code: 'EMC-2003', cause: { code: 286 } });
    expect(toStreamError(serverError(43))).toMatchObject({ code: 'EMC-2004' });
    expect(toStreamError(serverError(40573))).toMatchObject({ code: 'EMC-2002' });
    expect(toStreamError(serverError(18))).toMatchObject({ code: 'EMC-2001' });
    const selection = new MongoNetworkError('timed out');
    expect(toStreamError(selection)).toMatchObject({ code: 'EMC-2001', detail: 'MONGO_URL: timed out' });
  });

  test('an error that does not come from the driver is not changed', () => {
    const defect = new TypeError('defect');
    expect(toStreamError(defect)).toBe(defect);
  });
});
