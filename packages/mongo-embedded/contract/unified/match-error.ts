/** Checks a thrown error against `expectError` of the unified test format. */
import {
  type Document,
  MongoBulkWriteError,
  MongoClientBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
} from 'mongodb';
import type { ValueMatcher } from './match-value.ts';
import { plainResult } from './plain-result.ts';
import type { ExpectedError } from './unified-file.ts';

/** Throws a sentence unless `error` is what `expected` describes. */
export function matchError(expected: ExpectedError, error: unknown, matcher: ValueMatcher): void {
  if (!(error instanceof Error)) throw new Error(`expected an error, got ${String(error)}`);
  const cause = serverErrorOf(error);
  matchKind(expected, error);
  matchText(expected, cause);
  matchLabels(expected, cause);
  if (expected.errorResponse !== undefined) {
    const response: unknown = cause instanceof MongoServerError ? (cause.errorResponse ?? cause) : cause;
    matcher.match(expected.errorResponse, response, { path: 'error.response', isRoot: true });
  }
  matchParts({ expected, error, matcher });
}

/** A client bulk write wraps the server's error of a failed command as its cause. */
function serverErrorOf(error: Error): Error {
  if (error instanceof MongoClientBulkWriteError && error.cause instanceof Error && error.code === undefined) {
    return error.cause;
  }
  return error;
}

function matchKind(expected: ExpectedError, error: Error): void {
  const isServerError = error instanceof MongoServerError;
  if (expected.isClientError === true && isServerError && !(error.cause instanceof MongoNetworkError)) {
    throw new Error(`expected an error of the client, got a server error: ${error.message}`);
  }
  if (expected.isClientError === false && !isServerError) {
    throw new Error(`expected an error of the server, got ${error.name}: ${error.message}`);
  }
  if (
    expected.isTimeoutError !== undefined &&
    expected.isTimeoutError !== error instanceof MongoOperationTimeoutError
  ) {
    throw new Error(`expected isTimeoutError ${expected.isTimeoutError}, got ${error.name}: ${error.message}`);
  }
}

function matchText(expected: ExpectedError, error: Error): void {
  const { code, codeName } = error as { code?: unknown; codeName?: unknown };
  if (
    expected.errorContains !== undefined &&
    !error.message.toLowerCase().includes(expected.errorContains.toLowerCase())
  ) {
    throw new Error(`expected the message to contain "${expected.errorContains}", got "${error.message}"`);
  }
  if (expected.errorCode !== undefined && Number(code) !== expected.errorCode) {
    throw new Error(`expected error code ${expected.errorCode}, got ${String(code)}: ${error.message}`);
  }
  if (expected.errorCodeName !== undefined && codeName !== expected.errorCodeName) {
    throw new Error(`expected error code name ${expected.errorCodeName}, got ${String(codeName)}: ${error.message}`);
  }
}

function matchLabels(expected: ExpectedError, error: Error): void {
  const labels = error instanceof MongoError ? error.errorLabels : [];
  for (const label of expected.errorLabelsContain ?? []) {
    if (!labels.includes(label)) throw new Error(`expected error label ${label}, got [${labels.join(', ')}]`);
  }
  for (const label of expected.errorLabelsOmit ?? []) {
    if (labels.includes(label)) throw new Error(`did not expect error label ${label}`);
  }
}

function matchParts(parts: { expected: ExpectedError; error: Error; matcher: ValueMatcher }): void {
  const { expected, error, matcher } = parts;
  if (expected.expectResult !== undefined) {
    matcher.match(expected.expectResult, partialResultOf(error), { path: 'error.result', isRoot: true });
  }
  if (expected.writeErrors !== undefined) {
    matcher.match(expected.writeErrors, writeErrorsOf(error), { path: 'error.writeErrors', isRoot: true });
  }
  if (expected.writeConcernErrors !== undefined) {
    const errors: unknown = error instanceof MongoClientBulkWriteError ? error.writeConcernErrors : undefined;
    matcher.match(expected.writeConcernErrors, errors, { path: 'error.writeConcernErrors', isRoot: true });
  }
}

function partialResultOf(error: Error): unknown {
  if (error instanceof MongoClientBulkWriteError) return plainResult(error.partialResult);
  if (error instanceof MongoBulkWriteError) return plainResult(error.result);
  return error instanceof MongoServerError ? error.errorResponse : undefined;
}

function writeErrorsOf(error: Error): unknown {
  if (error instanceof MongoClientBulkWriteError) return plainResult(error.writeErrors);
  if (!(error instanceof MongoBulkWriteError)) return undefined;
  const errors = [error.writeErrors].flat();
  return Object.fromEntries(
    errors.map((entry): [string, Document] => [String(entry.index), { code: entry.code, message: entry.errmsg }]),
  );
}
