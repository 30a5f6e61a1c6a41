import type { ErrorCodeEntry } from './error-code-entry.ts';

/** The codes of a shape's filter and masks, a part of the catalogue in `error-codes.ts`. */
export const shapeErrorCodes = {
  'EMC-2010': {
    title: 'The filter is refused',
    cause: 'The filter of the shape is not a MongoDB query that the engine can evaluate on each document by itself.',
    remedy: 'Correct the filter as the message says; the operators that a filter may use are in docs/glossary.md.',
    retry: 'never',
    httpStatus: 400,
  },
  'EMC-2020': {
    title: 'The mask key is missing or another one',
    cause:
      'A column is masked by a hash, and EMCACHERS_MASK_KEY is not set, or is not the key that the entity was created with. Another key gives other hashes, which match nothing in the cache.',
    remedy:
      'Set EMCACHERS_MASK_KEY to the key that the entity was created with, restart, and refresh the entity. For a new key, create the entity again.',
    retry: 'never',
    httpStatus: 409,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
