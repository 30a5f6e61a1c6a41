/** What the engine does about an error without an operator. */
export type RetryPolicy = 'never' | 'backoff' | 'rescan' | 'rebuild';

/** Documentation and handling of one error code. */
export interface ErrorCodeEntry {
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
  readonly retry: RetryPolicy;
  /** HTTP status of a request that fails with this error. */
  readonly httpStatus: number;
}
