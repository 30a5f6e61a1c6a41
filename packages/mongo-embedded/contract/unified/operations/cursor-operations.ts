/** Operations of unified tests on change streams and cursors. */
import { AbstractCursor, ChangeStream } from 'mongodb';
import type { Cursor } from '../entities.ts';
import type { OperationContext, OperationHandler } from './operation.ts';

export const CURSOR_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  iterateUntilDocumentOrError: async (context) => {
    const document = await cursorOf(context).next();
    if (document === null) throw new Error('the cursor ended before it gave a document');
    return document;
  },
  iterateOnce: async (context) => cursorOf(context).tryNext(),
  close: async (context, options) =>
    cursorOf(context)
      .close(options)
      .catch(() => undefined),
};

function cursorOf({ entities, operation }: OperationContext): Cursor {
  return entities.cursor(operation.object);
}

/**
 * Sends the command that opens the cursor. The Node.js driver waits with it until the first read, where the format
 * wants the cursor open when it is created; only the driver's private initialisation does exactly that and no more.
 */
export async function openCursor<T extends Cursor>(cursor: T): Promise<T> {
  const inner: unknown = cursor instanceof ChangeStream ? Reflect.get(cursor, 'cursor') : cursor;
  if (!(inner instanceof AbstractCursor)) throw new Error('the driver has no cursor behind this change stream');
  const initialize: unknown = Reflect.get(inner, 'cursorInit');
  if (typeof initialize !== 'function') throw new Error('the driver has renamed the initialisation of its cursors');
  await initialize.call(inner);
  return cursor;
}
