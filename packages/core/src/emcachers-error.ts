import { type ErrorCode, type ErrorCodeEntry, errorCodes } from './error-codes.ts';

export interface EmcachersErrorOptions {
  readonly code: ErrorCode;
  /** What happened, with the names at hand; the catalogue has the general cause. */
  readonly detail: string;
  /** The next step in this very case; the catalogue's remedy where it is left out. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Input fields at fault, by their path. */
  readonly fields?: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
}

/** The one error class of the project; everything else that is thrown is a defect or a driver's own error. */
export class EmcachersError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint: string;
  readonly fields: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];

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
