/**
 * What an error of the change stream means for the saved position.
 *
 * Two opposite mistakes are possible: retrying a dead position for ever, and throwing a good one away on a network blip.
 * So the lost and the fatal ones are listed, each with its source, and every other answer of the server is retried a bounded
 * number of times (`failuresMax` of `ingest-state.ts`) and then shown. "Start from now" is never an answer: it is a gap.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { MongoError, MongoNetworkError, MongoServerError, MongoSystemError } from 'mongodb';

export type StreamErrorClass = 'lost' | 'resumable' | 'fatal';

interface KnownError {
  readonly class: StreamErrorClass;
  readonly meaning: string;
}

/**
 * Three-digit codes: MongoDB's `src/mongo/base/error_codes.yml`. Five-digit ones are assertions, of
 * `src/mongo/db/pipeline/resume_token.cpp` where the meaning is a token that cannot be read (as after a downgrade).
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

/** Classifies what the driver threw. What is not of the driver or the server is a defect, and fatal. */
export function classifyStreamError(error: unknown): StreamErrorClass {
  if (!(error instanceof MongoError)) return 'fatal';
  const known = typeof error.code === 'number' ? knownStreamErrors.get(error.code) : undefined;
  if (known !== undefined) return known.class;
  return error.hasErrorLabel('NonResumableChangeStreamError') ? 'lost' : 'resumable';
}

/** The catalogue's word for what the driver threw; everything that is not the driver's passes unchanged. */
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

/** No server answered, or it refused the connection; names the variable, never its value, which may hold a password. */
export function unreachableError(error: Error): EmcachersError {
  return new EmcachersError({ code: 'EMC-2001', detail: `MONGO_URL: ${error.message}`, cause: error });
}

/** The driver's system errors are failed server selections; what else it throws itself comes of a lost connection. */
function isUnreachable(error: MongoError): boolean {
  if (error instanceof MongoNetworkError || error instanceof MongoSystemError) return true;
  return !(error instanceof MongoServerError) || error.code === 18;
}

/** Says that one collection cannot be copied, whatever becomes of the others. */
export const refusalCode = 'EMC-2007';

/** An answer of the server's, in contrast to no answer. */
export function isServerError(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError;
}
