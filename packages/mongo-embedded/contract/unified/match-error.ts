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
import { errorCodes } from '../../src/error/error-codes.ts';
import type { ValueMatcher } from './match-value.ts';
import { plainResult } from './plain-result.ts';
import type { ExpectedError } from './unified-file.ts';

/** Throws a sentence unless `error` is what `expected` describes. */
export function matchError(expected: ExpectedError, error: unknown, matcher: ValueMatcher): void {
  if (!(error instanceof Error)) throw new Error(`expected an error, got ${String(error)}`, { cause: error });
  if (expected.isError === false) throw new Error('isError false is not of the format');
  const cause = serverErrorOf(error);
  matchKind(expected, error);
  matchText(expected, cause);
  matchLabels(expected, cause);
  if (expected.errorResponse !== undefined) {
    const response: unknown = cause instanceof MongoServerError ? cause.errorResponse : undefined;
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
  const { errorContains, errorCode, errorCodeName } = expected;
  const text = [error.message, ...aggregatedErrorsOf(error).map(({ message }) => message)].join('\n');
  if (errorContains !== undefined && !text.toLowerCase().includes(errorContains.toLowerCase())) {
    throw new Error(`expected the message to contain "${errorContains}", got "${text}"`);
  }
  const code = codeOf(error);
  if (errorCode !== undefined && code !== errorCode) {
    throw new Error(`expected error code ${errorCode}, got ${String(code)}: ${error.message}`);
  }
  if (errorCodeName !== undefined && !codeNamesOf(error).includes(errorCodeName.toLowerCase())) {
    throw new Error(`expected error code name ${errorCodeName}, got ${codeNamesOf(error).join(', ')}: ${text}`);
  }
}

/** The code of a server's answer; an error of the client has none. */
function codeOf(error: Error): number | undefined {
  return error instanceof MongoServerError && error.code !== undefined ? Number(error.code) : undefined;
}

/** Every code name of the answer, in lower case. The driver keeps only the codes of a bulk write's errors. */
function codeNamesOf(error: Error): string[] {
  const codes = [codeOf(error), ...aggregatedErrorsOf(error).map(({ code }) => code)];
  const names = codes.flatMap((code) => (code === undefined ? [] : [nameOfCode(code)]));
  const own = error instanceof MongoServerError ? [String(error.codeName ?? '')] : [];
  return [...own, ...names].filter((name) => name !== '').map((name) => name.toLowerCase());
}

function nameOfCode(code: number): string {
  return Object.entries(errorCodes).find(([, known]) => known === code)?.[0] ?? `Location${code}`;
}

interface AggregatedError {
  readonly code: number;
  readonly message: string;
}

function aggregatedErrorsOf(error: Error): AggregatedError[] {
  if (!(error instanceof MongoBulkWriteError)) return [];
  const writeErrors = [error.writeErrors].flat().map(({ code, errmsg }) => ({ code, message: errmsg ?? '' }));
  const writeConcernError = error.result.getWriteConcernError();
  if (writeConcernError?.code === undefined) return writeErrors;
  return [...writeErrors, { code: writeConcernError.code, message: writeConcernError.errmsg ?? '' }];
}

function matchLabels(expected: ExpectedError, error: Error): void {
  const labels = error instanceof MongoError ? error.errorLabels : [];
  const missing = (expected.errorLabelsContain ?? []).find((label) => !labels.includes(label));
  if (missing !== undefined) throw new Error(`expected error label ${missing}, got [${labels.join(', ')}]`);
  const unwanted = (expected.errorLabelsOmit ?? []).find((label) => labels.includes(label));
  if (unwanted !== undefined) throw new Error(`did not expect error label ${unwanted}`);
}

function matchParts(parts: { expected: ExpectedError; error: Error; matcher: ValueMatcher }): void {
  const { expected, error, matcher } = parts;
  if (expected.expectResult !== undefined) {
    matcher.match(expected.expectResult, partialResultOf(error), { path: 'error.result', isRoot: true });
  }
  if (expected.writeErrors !== undefined) matchWriteErrors(expected.writeErrors, error, matcher);
  if (expected.writeConcernErrors !== undefined) {
    const errors = error instanceof MongoClientBulkWriteError ? error.writeConcernErrors : [];
    matcher.match(expected.writeConcernErrors, errors, { path: 'error.writeConcernErrors', isRoot: true });
  }
}

/** Each write error is a root document, but there is none beside the expected ones. */
function matchWriteErrors(expected: Document, error: Error, matcher: ValueMatcher): void {
  const actual = writeErrorsOf(error);
  for (const index of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const place = { path: `error.writeErrors.${index}`, isRoot: true };
    if (!(index in expected)) throw new Error(`${place.path}: did not expect ${JSON.stringify(actual[index])}`);
    matcher.match(expected[index], actual[index], place);
  }
}

function partialResultOf(error: Error): unknown {
  if (error instanceof MongoClientBulkWriteError) return plainResult(error.partialResult);
  return error instanceof MongoBulkWriteError ? plainResult(error.result) : undefined;
}

function writeErrorsOf(error: Error): Document {
  if (error instanceof MongoClientBulkWriteError) {
    return Object.fromEntries([...error.writeErrors].map(([index, entry]) => [String(index), { ...entry }]));
  }
  const errors = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
  return Object.fromEntries(errors.map(({ index, code, errmsg }) => [String(index), { code, message: errmsg }]));
}
