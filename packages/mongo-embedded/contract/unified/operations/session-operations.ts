/** Operations of unified tests on a session. */
import type { UnifiedOperation } from '../unified-file.ts';
import type { OperationContext, OperationHandler } from './operation.ts';

function sessionOf({ entities, operation }: OperationContext) {
  return entities.session(operation.object);
}

export const SESSION_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  startTransaction: (context, options) => sessionOf(context).startTransaction(options),
  commitTransaction: async (context, options) => sessionOf(context).commitTransaction(options),
  abortTransaction: async (context, options) => sessionOf(context).abortTransaction(options),
  endSession: async (context, options) => sessionOf(context).endSession(options),
  /** The driver keeps the time of its first snapshot read and has no method that answers it. */
  getSnapshotTime: (context) => Reflect.get(sessionOf(context), 'snapshotTime'),
  withTransaction: async (context, { callback, ...options }) => {
    await sessionOf(context).withTransaction(async () => {
      await context.runInCallback(callback as UnifiedOperation[]);
    }, options);
  },
};
