/**
 * Classifies change stream errors by what they mean for the saved position.
 *
 * Two mistakes are possible: retrying a lost position for ever, and discarding a good position after a network error.
 * Errors that mean "lost" or "fatal" are therefore listed, each with its source. Every other server error is retried a bounded
 * number of times (`failuresMax` in `ingest-state.ts`) and then reported. The stream never restarts from
 * the current time, which would lose changes.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { MongoError, MongoNetworkError, MongoServerError, MongoSystemError } from 'mongodb';

export type StreamErrorClass = 'lost' | 'resumable' | 'fatal';

interface KnownError {
  readonly class: StreamErrorClass;
  readonly meaning: string;
}

/**
 * Three-digit codes are from MongoDB's `src/mongo/base/error_codes.yml`. Five-digit codes are assertions in
 * `src/mongo/db/pipeline/resume_token.cpp`, raised for a token that the server cannot parse (for example after a downgrade).
 */
export const knownStreamErrors: ReadonlyMap<number, KnownError> = new Map<number, KnownError>([
  [286, { class: 'lost', meaning: 'the oplog no longer reaches back to the saved position' }],
  [280, { class: 'lost', meaning: 'the saved position is not in this history, as after a restore' }],
  [260, { class: 'lost', meaning: 'the saved position cannot be resumed from' }],
  [136, { class: 'lost', meaning: 'the oplog was overwritten before it was read' }],
  [40576, { class: 'lost', meaning: 'the saved position is no longer in the oplog' }],
  [40585, { class: 'lost', meaning: 'the saved position is no longer in the oplog' }],
  [40646, { class: 'lost', meaning: 'the resume token is too long' }],
  [40647, { class: 'lost', meaning: 'the resume token has no data' }],
  [40648, { class: 'lost', meaning: 'the resume token has wrong type bits' }],
  [40649, { class: 'lost', meaning: 'the resume token is empty' }],
  [50795, { class: 'lost', meaning: 'the resume token is of another version of MongoDB' }],
  [50796, { class: 'lost', meaning: 'the resume token has no version' }],
  [40573, { class: 'fatal', meaning: 'the server is not part of a replica set' }],
  [10334, { class: 'fatal', meaning: 'a change is larger than 16 MB even when split' }],
  [13, { class: 'fatal', meaning: 'the user of MONGO_URL may not read this' }],
]);

/** Classifies an error that the driver threw. An error from neither the driver nor the server is a defect, and fatal. */
export function classifyStreamError(error: unknown): StreamErrorClass {
  if (!(error instanceof MongoError)) return 'fatal';
  const known = typeof error.code === 'number' ? knownStreamErrors.get(error.code) : undefined;
  if (known !== undefined) return known.class;
  return error.hasErrorLabel('NonResumableChangeStreamError') ? 'lost' : 'resumable';
}

/** Maps a driver error to a catalogue error. Other errors pass unchanged. */
export function toStreamError(error: unknown): unknown {
  if (!(error instanceof MongoError)) return error;
  if (isUnreachable(error)) return unreachableError(error);
  const known = typeof error.code === 'number' ? knownStreamErrors.get(error.code) : undefined;
  const meaning = known === undefined ? '' : `${known.meaning}: `;
  const detail = `${meaning}${error.message}${typeof error.code === 'number' ? ` (code ${error.code})` : ''}`;
  if (error.code === 40573) return new EmcachersError({ code: 'EMC-2002', detail, cause: error });
  const code = classifyStreamError(error) === 'lost' ? 'EMC-2003' : 'EMC-2004';
  return new EmcachersError({ code, detail, cause: error });
}

/** The error for a server that did not answer or refused the connection. Names the variable, never its value, which may hold a password. */
export function unreachableError(error: Error): EmcachersError {
  return new EmcachersError({ code: 'EMC-2001', detail: `MONGO_URL: ${error.message}`, cause: error });
}

/** The driver's system errors are failed server selections. Its other client-side errors come from a lost connection. */
function isUnreachable(error: MongoError): boolean {
  if (error instanceof MongoNetworkError || error instanceof MongoSystemError) return true;
  return !(error instanceof MongoServerError) || error.code === 18;
}

/** True if the error concerns this one collection and the others can still be copied. */
export const refusalCode = 'EMC-2007';

/** True if the driver could not reach the server or lost the connection. */
export function isConnectionError(error: unknown): boolean {
  return error instanceof MongoError && !(error instanceof MongoServerError);
}

/** True if the server answered with an error, as opposed to not answering. */
export function isServerError(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError;
}
