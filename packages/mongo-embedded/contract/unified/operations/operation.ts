/** What an operation of a unified test gets to work with, and how its arguments become driver options. */
import type { Db, Document } from 'mongodb';
import { toReadConcern, toReadPreference } from '../driver-options.ts';
import type { Entities } from '../entities.ts';
import type { UnifiedOperation } from '../unified-file.ts';

export interface OperationContext {
  readonly entities: Entities;
  readonly operation: UnifiedOperation;
  /** The admin database of a client that no test observes: for set-up, fail points and checks. */
  readonly admin: Db;
  /** Runs operations in order, as a nested list of a test (transactions, threads). */
  runAll(operations: readonly UnifiedOperation[]): Promise<void>;
}

export type OperationHandler = (context: OperationContext, options: Document) => unknown;

/** The operation's arguments with sessions, read concerns and read preferences resolved to driver values. */
export function optionsOf(context: OperationContext): Document {
  const { session, readConcern, readPreference, ...rest } = context.operation.arguments ?? {};
  return {
    ...rest,
    ...(session === undefined ? {} : { session: context.entities.session(String(session)) }),
    ...toReadConcern(readConcern),
    ...toReadPreference(readPreference),
  };
}
