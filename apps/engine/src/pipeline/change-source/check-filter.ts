import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { MongoClient } from 'mongodb';
import type { PageRequest } from './change-source-types.ts';
import { runPlain } from './mongo-commands.ts';
import { isServerError, knownStreamErrors, toStreamError } from './stream-errors.ts';

/**
 * Errors of a server that stops, steps down, loses its members or ends the operation, from MongoDB's
 * `src/mongo/base/error_codes.yml`. They say nothing about the query.
 */
const passingErrors: ReadonlySet<unknown> = new Set([
  6, 7, 43, 50, 89, 91, 134, 175, 189, 202, 237, 262, 290, 9_001, 10_107, 11_600, 11_601, 11_602, 13_435, 13_436,
]);

/** Runs the query with a condition that no document meets, so that the server checks it and reads nothing. Throws EMC-5012, or EMC-200x if the server did not check it. */
export async function checkFilter(
  client: MongoClient,
  { namespace, filter }: Pick<PageRequest, 'namespace' | 'filter'>,
): Promise<void> {
  const command = { find: namespace.collection, filter: { $and: [{ _id: { $in: [] } }, filter] }, limit: 1 };
  try {
    await runPlain({ client, database: namespace.database }, command);
  } catch (error) {
    throw isServerError(error) && !isPassing(error.code) ? refusedQuery(error.message, error) : toStreamError(error);
  }
}

function isPassing(code: unknown): boolean {
  return passingErrors.has(code) || (typeof code === 'number' && knownStreamErrors.has(code));
}

export function refusedQuery(reason: string, cause?: unknown): EmcachersError {
  const fields = [{ path: ['documents', 'query'], message: reason }];
  return new EmcachersError({ code: 'EMC-5012', detail: reason, fields, cause });
}
