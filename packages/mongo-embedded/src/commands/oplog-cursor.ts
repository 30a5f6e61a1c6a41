import { bsonTypes } from '@emcachers/bson/bson-types';
import type { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { numberOf } from '../bson/element-value.ts';
import { findElement } from '../bson/raw-element.ts';
import { openCursor } from '../cursor/open-cursor.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { History } from '../history/history-entry.ts';
import { OplogSource } from '../oplog/oplog-source.ts';
import type { CommandContext } from './command.ts';
import { filterOf, variablesOf } from './find-options.ts';
import { projector } from './projector.ts';

/** Whether the name is that of the oplog, which is made from the history. */
export function isOplog(database: string, name: string): boolean {
  return database === 'local' && name === 'oplog.rs';
}

/** Refuses a read of the oplog by any command but `find`: it would see an empty collection. */
export function refuseOplog({ body, database }: CommandContext, name: string): void {
  if (!isOplog(database, name)) return;
  throw new MongoFailure('CommandNotSupported', `${body.name} on local.oplog.rs is not supported by this server`);
}

/** `find` on `local.oplog.rs`: by a filter, in the order of the history or backwards, tailable or not. */
export async function openOplogCursor(context: CommandContext): Promise<BsonWriter> {
  const { body, server } = context;
  const { history } = server.store;
  const isTailable = body.boolean('tailable') === true;
  const awaitsData = body.boolean('awaitData') === true;
  if (awaitsData && !isTailable)
    throw new MongoFailure('FailedToParse', "Cannot set 'awaitData' without also setting 'tailable'");
  const variables = variablesOf(context);
  const filter = filterOf(body.document('filter'), variables);
  const isDescending = isBackward(body.document('sort'));
  if (isDescending && isTailable)
    throw new MongoFailure('BadValue', 'cannot use tailable option with a sort backwards');
  const source = new OplogSource({
    history,
    clock: server.clock,
    after: startOf(history, body.document('filter')),
    isDescending,
    isTailable,
    awaitsData,
    matches: (document) => filter.matches(document),
    project: projector(body.document('projection'), filter, variables) ?? ((document) => document),
    skip: body.count('skip') ?? 0,
    limit: (body.count('limit') ?? 0) || Number.POSITIVE_INFINITY,
  });
  return openCursor(context, {
    namespace: 'local.oplog.rs',
    source,
    batchSize: body.count('batchSize'),
    isSingleBatch: body.boolean('singleBatch') === true,
    isTailable,
  });
}

function isBackward(sort: Buffer | undefined): boolean {
  if (sort === undefined || sort.length === 5) return false;
  const key = findElement(sort, '$natural') ?? findElement(sort, 'ts');
  const isAlone = key !== undefined && new CommandBody(sort).keys().length === 1;
  if (!isAlone)
    throw new MongoFailure('CommandNotSupported', 'the oplog can be sorted by $natural or ts only on this server');
  return numberOf(key) === -1;
}

/** Skips the entries before a lower bound on `ts`; the filter still decides. */
function startOf(history: History, filter: Buffer | undefined): number {
  const ts = filter === undefined ? undefined : findElement(filter, 'ts');
  const bound =
    ts?.type === bsonTypes.object
      ? (findElement(ts.bytes, '$gte') ?? findElement(ts.bytes, '$gt') ?? findElement(ts.bytes, '$eq'))
      : ts;
  if (bound?.type !== bsonTypes.timestamp) return history.oldest().sequence - 1;
  const time = { increment: bound.bytes.readUInt32LE(0), seconds: bound.bytes.readUInt32LE(4) };
  return Math.max(history.findByTime(time), history.oldest().sequence - 1);
}
