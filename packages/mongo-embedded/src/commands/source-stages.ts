import { bsonTypes } from '@emcachers/bson/bson-types';
import type { RawValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { deserialize, Long, serialize } from 'bson';
import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { findElement, forEachElement } from '../bson/raw-element.ts';
import { booleanIn } from '../bson/typed-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { ownedLsid } from '../session/session-table.ts';
import type { Collection } from '../storage/catalog.ts';
import { idIndexSpecification } from '../storage/schema-change.ts';
import type { CommandContext } from './command.ts';
import { currentOperations } from './current-op.ts';
import { collectionCounts } from './statistics.ts';

/** Source: manual, "$currentOp". */
const currentOpOptions: ReadonlySet<string> = new Set([
  'allUsers',
  'backtrace',
  'idleConnections',
  'idleCursors',
  'idleSessions',
  'localOps',
  'targetAllNodes',
  'truncateOps',
]);

export interface SourceStage {
  readonly name: string | null;
  readonly collection: Collection | undefined;
  readonly stage: readonly [name: string, operand: RawValue];
}

/** The documents of a first stage that reads server state instead of a collection; null for any other stage. */
export function readSourceStage(
  context: CommandContext,
  { name, collection, stage }: SourceStage,
): Uint8Array[] | null {
  const [stageName, operand] = stage;
  switch (stageName) {
    case '$collStats':
      return [collStats(context, { name, collection, operand })];
    case '$indexStats':
      return indexStats(context, collection);
    case '$currentOp':
      if (context.database !== 'admin' || name !== null)
        throw new MongoFailure(
          'InvalidNamespace',
          "$currentOp must be run against the 'admin' database with {aggregate: 1}",
        );
      checkCurrentOp(operand);
      return currentOperations(context);
    case '$listLocalSessions':
      return context.server.sessions.ids().map((id) => {
        return new BsonWriter().document('_id', ownedLsid(id)).date('lastUse', context.server.clock.nowMs()).finish();
      });
    default:
      return null;
  }
}

/** Its options select operations of other users and idle connections, cursors and sessions, which are not listed. */
function checkCurrentOp(operand: RawValue): void {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure('FailedToParse', '$currentOp options must be specified in an object');
  forEachElement(operand.span(), (name, element) => {
    if (!currentOpOptions.has(name))
      throw new MongoFailure('FailedToParse', `Unrecognized option '${name}' in $currentOp stage.`);
    booleanIn(element, `$currentOp.${name}`);
    return undefined;
  });
}

function checkCollStats(operand: RawValue): void {
  if (operand.type !== bsonTypes.object) throw new MongoFailure(5447000, '$collStats must take a nested object');
  const body = new CommandBody(asBuffer(operand.span()), new Map(), '$collStats');
  body.nested('storageStats')?.number('scale');
  for (const name of ['latencyStats', 'count', 'queryExecStats'] as const) body.document(name);
}

function collStats(
  context: CommandContext,
  wanted: { name: string | null; collection: Collection | undefined; operand: RawValue },
): Uint8Array {
  const { connection, database, server } = context;
  const { name, collection, operand } = wanted;
  checkCollStats(operand);
  if (name === null) throw new MongoFailure('InvalidNamespace', '$collStats must be run against a collection');
  const options = operand.span();
  const host = connection.serverAddress;
  const result: Record<string, unknown> = {
    ns: `${database}.${name}`,
    host,
    localTime: new Date(server.clock.nowMs()),
  };
  if (collection === undefined)
    throw new MongoFailure('NamespaceNotFound', `Collection [${database}.${name}] not found.`);
  if (findElement(options, 'storageStats') !== undefined) result['storageStats'] = collectionCounts(collection);
  if (findElement(options, 'count') !== undefined) result['count'] = collection.table.count();
  return serialize(result);
}

function indexStats({ connection, server }: CommandContext, collection: Collection | undefined): Uint8Array[] {
  const specifications = [idIndexSpecification, ...(collection?.indexes.map((index) => index.specification) ?? [])];
  const since = new Date(server.clock.nowMs());
  return specifications.map((specification) => {
    const { name, key } = deserialize(specification);
    const rest = serialize({ name, key, host: connection.serverAddress, accesses: { ops: Long.ZERO, since } });
    return new BsonWriter().elements(rest).document('spec', specification).finish();
  });
}
