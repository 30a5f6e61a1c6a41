import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { MongoClient } from 'mongodb';
import type { PageRequest } from './change-source-types.ts';
import { runPlain } from './mongo-commands.ts';
import { isServerError } from './stream-errors.ts';

/** Runs the query with a condition that no document meets, so that the server checks it and reads nothing. */
export async function checkFilter(
  client: MongoClient,
  { namespace, filter }: Pick<PageRequest, 'namespace' | 'filter'>,
): Promise<void> {
  const command = { find: namespace.collection, filter: { $and: [{ _id: { $in: [] } }, filter] }, limit: 1 };
  try {
    await runPlain({ client, database: namespace.database }, command);
  } catch (error) {
    if (!isServerError(error)) throw error;
    throw refusedQuery(error.message, error);
  }
}

export function refusedQuery(reason: string, cause?: unknown): EmcachersError {
  const fields = [{ path: ['documents', 'query'], message: reason }];
  return new EmcachersError({ code: 'EMC-5012', detail: reason, fields, cause });
}
