import { compileFilter } from './query/filter.ts';

/**
 * The filters of the server's query language, for a program that evaluates them itself: without a server, on raw documents, with
 * the results of `find`. Pure; loads nothing of the storage.
 */
export interface DocumentFilter {
  /** Throws `MalformedBsonError` if the bytes that the filter reads are not valid BSON. */
  matches(document: Uint8Array): boolean;
}

/** Throws an error with MongoDB's message and code if the filter, raw BSON, is not one or is not supported. */
export function compileDocumentFilter(filter: Uint8Array): DocumentFilter {
  return compileFilter(filter);
}
