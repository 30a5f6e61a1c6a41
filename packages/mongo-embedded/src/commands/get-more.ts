import { bsonTypes } from '@emcachers/bson/bson-types';
import type { Cursor } from '../cursor/cursor-table.ts';
import { batchRequest, cursorReply } from '../cursor/open-cursor.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { linkSignals } from '../linked-signal.ts';
import { sessionKey } from '../session/session-table.ts';
import { Turns } from '../turns.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { checkCollectionName } from './namespace.ts';

/** Default wait of a tailable cursor for a document, milliseconds. Source: manual, getMore. */
const awaitMsDefault = 1000;

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database, server } = context;
  const idElement = body.rawElement('getMore');
  if (idElement?.type !== bsonTypes.int64)
    throw new MongoFailure('TypeMismatch', "BSON field 'getMore.getMore' is the wrong type, expected type 'long'");
  const id = body.int64('getMore') ?? 0n;
  const collection = body.requiredString('collection');
  checkCollectionName(database, collection);
  const batchSize = body.count('batchSize');
  server.counters.operations.getmore += 1;
  const cursor = server.cursors.take(id);
  try {
    checkOwner(context, cursor, `${database}.${collection}`);
    failWhereAsked(context, cursor);
    return await nextBatch(context, cursor, batchSize);
  } catch (error) {
    if (isFatal(error, cursor)) server.cursors.kill(id);
    throw error;
  } finally {
    server.cursors.giveBack(cursor);
  }
}

async function nextBatch(
  context: CommandContext,
  cursor: Cursor,
  batchSize: number | undefined,
): Promise<CommandResult> {
  const { clock, store } = context.server;
  const waitMs = waitOf(context, cursor);
  const startMs = clock.monotonicMs();
  const deadlineMs = cursor.timeLeftMs === null ? null : startMs + cursor.timeLeftMs;
  const { operation } = context;
  const turns = new Turns({ clock, group: store.group, operation, deadlineMs });
  using stop = linkSignals([operation.signal, cursor.killed.signal]);
  const documentsMax = batchSize || Number.POSITIVE_INFINITY;
  const request = batchRequest({ ...context, turns }, { documentsMax, waitMs, signal: stop.signal });
  const batch = await cursor.source.next(request);
  if (cursor.killed.signal.aborted) throw new MongoFailure('CursorKilled', 'cursor killed while it was in use');
  operation.check();
  if (cursor.timeLeftMs !== null) cursor.timeLeftMs -= clock.monotonicMs() - startMs;
  if (batch.isExhausted) context.server.cursors.kill(cursor.id);
  return cursorReply(
    { id: batch.isExhausted ? 0n : cursor.id, namespace: cursor.namespace, field: 'nextBatch' },
    batch,
  );
}

/** How long the call waits for a document, milliseconds; 0 if the cursor is not tailable. */
function waitOf({ body }: CommandContext, { isTailable }: Cursor): number {
  const maxTimeMs = body.count('maxTimeMS');
  if (isTailable) return maxTimeMs ?? awaitMsDefault;
  if (maxTimeMs === undefined) return 0;
  throw new MongoFailure('BadValue', 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
}

function checkOwner(context: CommandContext, cursor: Cursor, namespace: string): void {
  if (cursor.namespace !== namespace) {
    const message = `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`;
    throw new MongoFailure('Unauthorized', message);
  }
  const session = context.lsid === null ? null : sessionKey(context.lsid);
  if (cursor.session !== session) {
    const message = `Cannot run getMore on cursor ${cursor.id}, which was ${cursor.session === null ? 'not created in a session' : 'created in a different session'}`;
    throw new MongoFailure(cursor.session === null ? 50800 : 50738, message);
  }
  if (cursor.transaction !== context.transaction) {
    throw new MongoFailure(
      50741,
      `Cannot run getMore on cursor ${cursor.id}, which was created in a different transaction`,
    );
  }
}

function failWhereAsked(context: CommandContext, cursor: Cursor): void {
  const call = { command: 'getMore', applicationName: context.connection.applicationName, namespace: cursor.namespace };
  const effect = context.server.failPoints.hitGetMore(call);
  if (effect === null) return;
  if (effect.closesConnection) context.connection.destroy();
  if (effect.errorCode !== null) {
    throw new MongoFailure(effect.errorCode, "Hit the 'failGetMoreAfterCursorCheckout' failpoint");
  }
}

/**
 * An error closes the cursor, unless it is unrelated to it: a wrong owner, or a fail point before anything was read.
 */
function isFatal(error: unknown, cursor: Cursor): boolean {
  if (cursor.killed.signal.aborted) return false;
  const code = error instanceof MongoFailure ? error.code : 1;
  return ![13, 2, 50800, 50738, 50741].includes(code);
}

/** `getMore`. */
export const getMoreCommand: Command = {
  names: ['getMore'],
  isTransactional: true,
  run,
};
