import type { ErrorCodeEntry } from './error-code-entry.ts';

/** Error codes of requests that are refused before an operation sees them, and of repeated requests. */
export const requestErrorCodes = {
  'EMC-7010': {
    title: 'Method not allowed',
    cause: 'The path exists, but not with this method.',
    remedy: 'Use one of the methods in the Allow header of the response; see /api/docs.',
    retry: 'never',
    httpStatus: 405,
  },
  'EMC-7011': {
    title: 'Unsupported content type',
    cause: 'The body of the request is not declared as JSON.',
    remedy: 'Send the body as JSON, with content-type: application/json.',
    retry: 'never',
    httpStatus: 415,
  },
  'EMC-7012': {
    title: 'The request is too large',
    cause: 'The body, the address or the headers of the request are larger than the engine accepts.',
    remedy:
      'Send less at once. The limit of a body is EMCACHERS_API_BODY_BYTES_MAX; that of an address is 4 KB for each part.',
    retry: 'never',
    httpStatus: 413,
  },
  'EMC-7013': {
    title: 'The request took too long',
    cause: 'The client did not send the whole request within EMCACHERS_API_REQUEST_SECONDS.',
    remedy: 'Send the request again over a faster connection.',
    retry: 'never',
    httpStatus: 408,
  },
  'EMC-7014': {
    title: 'A request with this key is in progress',
    cause: 'An equal request with the same Idempotency-Key was sent before and has not been answered yet.',
    remedy: 'Send the request again in a few seconds, with the same key: it then gets the answer of the first one.',
    retry: 'backoff',
    httpStatus: 409,
  },
  'EMC-7015': {
    title: 'The request cannot be read',
    cause: 'The body is not valid JSON, the address is not valid percent-encoding, or the message is not valid HTTP.',
    remedy: 'Correct the part that the message names.',
    retry: 'never',
    httpStatus: 400,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
