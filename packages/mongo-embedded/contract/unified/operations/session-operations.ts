/** Operations of unified tests on a session. */
import { toTransactionOptions } from '../driver-options.ts';
import type { UnifiedOperation } from '../unified-file.ts';
import type { OperationContext, OperationHandler } from './operation.ts';

function sessionOf({ entities, operation }: OperationContext) {
  return entities.session(operation.object);
}

export const SESSION_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  startTransaction: (context) => sessionOf(context).startTransaction(toTransactionOptions(context.operation.arguments)),
  commitTransaction: async (context, options) => sessionOf(context).commitTransaction(options),
  abortTransaction: async (context, options) => sessionOf(context).abortTransaction(options),
  endSession: async (context) => sessionOf(context).endSession(),
  withTransaction: async (context) => {
    const { callback, ...options } = context.operation.arguments ?? {};
    await sessionOf(context).withTransaction(async () => {
      await context.runAll(callback as UnifiedOperation[]);
    }, toTransactionOptions(options));
  },
};
