/** What an operation of a unified test gets to work with, and how its arguments become driver options. */
import type { Db, Document } from 'mongodb';
import type { EntityTarget } from '../create-entities.ts';
import { toConcerns } from '../driver-options.ts';
import type { UnifiedOperation } from '../unified-file.ts';

export interface OperationContext extends EntityTarget {
  readonly operation: UnifiedOperation;
  /** The admin database of a client that no test observes: for set-up, fail points and checks. */
  readonly admin: Db;
  /** Runs a nested list of operations in order and checks each as those of the test itself. */
  runAll(operations: readonly UnifiedOperation[]): Promise<void>;
  /** The same inside a callback of the driver, which must see each error itself, the expected ones too. */
  runInCallback(operations: readonly UnifiedOperation[]): Promise<void>;
}

export type OperationHandler = (context: OperationContext, options: Document) => unknown;

/** The operation's arguments with sessions, read concerns and read preferences resolved to driver values. */
export function optionsOf(context: OperationContext): Document {
  const { session, ...rest } = context.operation.arguments ?? {};
  return { ...toConcerns(rest), ...(session === undefined ? {} : { session: context.entities.session(session) }) };
}
