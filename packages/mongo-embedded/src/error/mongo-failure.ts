import { MalformedBsonError } from '@emcachers/bson/malformed-bson-error';
import type { BsonWriter } from '../bson/bson-writer.ts';
import { type ErrorName, errorCodes, errorNameOf } from './error-codes.ts';

/**
 * Fields that an error reply has in addition to `errmsg`, `code` and `codeName` (such as `keyPattern` of 11000): values that the `bson`
 * package knows, or a raw document whose bytes must not change.
 */
export type FailureDetails = Readonly<Record<string, unknown>> | Uint8Array;

/**
 * An error that the client sees, with MongoDB's own code. Any other exception is a bug and is reported as
 * InternalError 1.
 */
export class MongoFailure extends Error {
  readonly code: number;
  readonly labels: string[] = [];
  readonly details: FailureDetails;

  constructor(code: ErrorName | number, message: string, details: FailureDetails = {}) {
    super(message);
    this.name = 'MongoFailure';
    this.code = typeof code === 'number' ? code : errorCodes[code];
    this.details = details;
  }

  /** Adds the details to an error reply. */
  appendDetails(writer: BsonWriter): BsonWriter {
    return this.details instanceof Uint8Array ? writer.elements(this.details) : writer.fields(this.details);
  }

  get codeName(): string {
    return errorNameOf(this.code);
  }
}

/** Converts any exception to the error that the client gets. */
export function toMongoFailure(error: unknown): MongoFailure {
  if (error instanceof MongoFailure) return error;
  const cause = error instanceof Error ? error.message : String(error);
  if (error instanceof MalformedBsonError) return new MongoFailure('InvalidBSON', `Invalid BSON: ${cause}`);
  const shaped = error as { code?: unknown; details?: FailureDetails } | null;
  if (error instanceof Error && typeof shaped?.code === 'number') {
    return new MongoFailure(shaped.code, cause, shaped.details ?? {});
  }
  if (shaped?.code === 'SQLITE_FULL') return new MongoFailure('OutOfDiskSpace', cause);
  return new MongoFailure('InternalError', cause);
}
