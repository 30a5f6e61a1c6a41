import type { ErrorCodeEntry } from './error-code-entry.ts';
import { type ErrorCode, errorCodes } from './error-codes.ts';

/** An invalid input field. */
export interface FieldProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The details of an error, in addition to its catalogue entry. */
export interface EmcachersErrorOptions {
  readonly code: ErrorCode;
  /** What happened in this case, with names and values; the catalogue has the general cause. */
  readonly detail: string;
  /** The next step in this case. Default: the catalogue's remedy. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** The invalid input fields, by path. */
  readonly fields?: readonly FieldProblem[];
}

/** The base class of all our errors. Anything else thrown is a defect or a driver's error. */
export class EmcachersError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint: string;
  readonly fields: readonly FieldProblem[];

  constructor(options: EmcachersErrorOptions) {
    super(`${options.code} ${errorCodes[options.code].title}: ${options.detail}`, { cause: options.cause });
    this.name = 'EmcachersError';
    this.code = options.code;
    this.detail = options.detail;
    this.hint = options.hint ?? errorCodes[options.code].remedy;
    this.fields = options.fields ?? [];
  }

  get entry(): ErrorCodeEntry {
    return errorCodes[this.code];
  }
}
