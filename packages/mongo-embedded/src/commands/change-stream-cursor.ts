import type { RawValue } from '@emcachers/bson/raw-value';
import { ChangeStream } from '../change-stream/change-stream.ts';
import type { LookUpDocument } from '../change-stream/event-images.ts';
import type { StreamScope } from '../change-stream/scope.ts';
import { ChangeStreamSource } from '../cursor/change-stream-source.ts';
import { openCursor } from '../cursor/open-cursor.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import { orderKey } from '../query/order-key.ts';
import { stageOf } from '../query/pipeline.ts';
import { idOf } from '../query/raw-document.ts';
import type { ServerState } from '../server-state.ts';
import type { Collection } from '../storage/catalog.ts';
import type { Store } from '../storage/store.ts';
import { refuseView } from './collection-documents.ts';
import type { CommandContext, CommandResult } from './command.ts';
import { variablesOf } from './find-options.ts';

function scopeOf(database: string, name: string | null): StreamScope {
  if (name !== null) return { kind: 'collection', database, collection: name };
  return database === 'admin' ? { kind: 'cluster' } : { kind: 'database', database };
}

/**
 * The current version of the changed document, found by collection UUID if that must match, else by name. In a replica
 * set it is the version that a majority has.
 */
function lookUpIn({ store, member }: ServerState): LookUpDocument {
  return (entry, mustMatchUuid) => {
    const collection = collectionOf(store, entry, mustMatchUuid);
    const id = entry.documentKey === null ? undefined : idOf(entry.documentKey);
    if (collection === undefined || id === undefined) return null;
    const key = orderKey(id);
    const stored = member === null ? collection.table.get(key) : member.majorityView.get(collection, key);
    return stored?.document ?? null;
  };
}

function collectionOf(
  { catalog }: Store,
  { database, collection: name, collectionUuid }: HistoryEntry,
  mustMatchUuid: boolean,
): Collection | undefined {
  const collection = name === null ? undefined : catalog.find(database, name);
  if (collection === undefined || !mustMatchUuid) return collection;
  return collectionUuid !== null && collection.uuid.equals(collectionUuid) ? collection : undefined;
}

/** Opens a change stream on a collection, on a database (`name` null) or, from `admin`, on the whole cluster. */
export async function openChangeStreamCursor(
  context: CommandContext,
  name: string | null,
  stages: readonly RawValue[],
): Promise<CommandResult> {
  const { body, database, server, transaction } = context;
  if (transaction !== null) {
    throw new MongoFailure(
      'OperationNotSupportedInTransaction',
      '$changeStream cannot run within a multi-document transaction.',
    );
  }
  const level = body.nested('readConcern')?.string('level') ?? 'majority';
  if (level !== 'majority') {
    throw new MongoFailure(
      'InvalidOptions',
      `Aggregation stage $changeStream cannot run with a readConcern other than 'majority'. Current readConcern: ${level}`,
    );
  }
  if (name !== null) refuseView(context, name);
  const [first, ...others] = stages;
  if (first === undefined) throw new MongoFailure('FailedToParse', 'A change stream needs its stage');
  const batchSize = body.nested('cursor')?.count('batchSize');
  const stream = new ChangeStream({
    history: server.store.history,
    scope: scopeOf(database, name),
    operand: stageOf(first)[1],
    stages: others,
    variables: variablesOf(context),
    lookUp: lookUpIn(server),
  });
  return openCursor(context, {
    namespace: `${database}.${name ?? '$cmd.aggregate'}`,
    source: new ChangeStreamSource(stream, { clock: server.clock, group: server.store.group }),
    batchSize,
    isChangeStream: true,
    isTailable: true,
  });
}
