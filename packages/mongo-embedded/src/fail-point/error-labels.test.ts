import { expect, test } from 'vitest';
import { errorLabelsFor, type FailedCall } from './error-labels.ts';

const call: FailedCall = {
  command: 'insert',
  isInTransaction: false,
  isRetryableWrite: false,
  isChangeStream: false,
  hasWriteConcernError: false,
};

// Source: src/mongo/db/error_labels.cpp and error_codes.yml of mongodb/mongo.
test.each<[title: string, code: number, differing: Partial<FailedCall>, labels: string[]]>([
  ['a retryable write that met a stepping down primary', 189, { isRetryableWrite: true }, ['RetryableWriteError']],
  ['the same error of a write that cannot be retried', 189, {}, []],
  ['a duplicate key', 11000, { isRetryableWrite: true }, []],
  ['a conflict in a transaction', 112, { isInTransaction: true }, ['TransientTransactionError']],
  ['a network error in a transaction', 9001, { isInTransaction: true }, ['TransientTransactionError']],
  [
    'a commit that may be repeated',
    91,
    { command: 'commitTransaction', isInTransaction: true },
    ['RetryableWriteError'],
  ],
  ['a commit of nothing', 251, { command: 'commitTransaction', isInTransaction: true }, ['TransientTransactionError']],
  ['a write concern error in a transaction', 91, { isInTransaction: true, hasWriteConcernError: true }, []],
  [
    'a change stream that can go on',
    11600,
    { command: 'getMore', isChangeStream: true },
    ['ResumableChangeStreamError'],
  ],
  [
    'a change stream whose history is lost',
    286,
    { command: 'getMore', isChangeStream: true },
    ['NonResumableChangeStreamError'],
  ],
  ['a change stream whose cursor was killed', 237, { command: 'getMore', isChangeStream: true }, []],
])('%s', (...[, code, differing, labels]) => {
  expect(errorLabelsFor(code, { ...call, ...differing })).toEqual(labels);
});
