import type { Database } from '@emcachers/db/database';
import { toDatabaseError } from '@emcachers/db/database-error';
import { readPage } from '@emcachers/db/statements/read-page';
import { readTail } from '@emcachers/db/statements/read-tail';
import { checkTerm } from '@emcachers/db/statements/term-check';
import { dataOf, newestIdsOf, newestOf, readNewest } from '@emcachers/db/verify/newest-entries';
import type { OplogReader } from './oplog.ts';
import { readWholeUnits } from './whole-units.ts';

/** Reads the oplog for replicators and operators. Each call is one statement, and so one snapshot, and leaves nothing open. */
export function createOplogReader(database: Database): OplogReader {
  return {
    readPage: (request) => orDatabaseError(readWholeUnits((part) => readPage(database.pagePool, part), request)),
    checkTerm: (reader) => orDatabaseError(checkTerm(database.pagePool, reader)),
    readNewest: (request, each) => orDatabaseError(readNewest(database.pool, request, each)),
    newestOf: (request) => orDatabaseError(newestOf(database.pool, request)),
    newestIdsOf: (request) => orDatabaseError(newestIdsOf(database.pool, request)),
    dataOf: (request) => orDatabaseError(dataOf(database.pool, request)),
    tail: (request) => orDatabaseError(readTail(database.pagePool, request)),
  };
}

async function orDatabaseError<Result>(answer: Promise<Result>): Promise<Result> {
  try {
    return await answer;
  } catch (error) {
    throw toDatabaseError(error);
  }
}
