import { randomUUID } from 'node:crypto';
import type { RawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { stageOf } from '../query/pipeline.ts';
import type { Documents } from '../query/stages/stage.ts';
import type { Collection } from '../storage/catalog.ts';
import { DirectAccess } from '../storage/direct-access.ts';
import { renameCollection } from '../storage/rename.ts';
import { createCollection, dropCollection } from '../storage/schema-change.ts';
import type { Store } from '../storage/store.ts';
import type { CommandContext } from './command.ts';
import { runMerge } from './merge-stage.ts';
import { storedForm } from './stored-form.ts';
import { waitForTransactions } from './wait-for-transactions.ts';
import { writeTargetOf } from './write-target.ts';

/** A final stage that writes the result instead of returning it. */
export interface WriteStage {
  readonly name: '$out' | '$merge';
  readonly operand: RawValue;
}

/** The pipeline's final `$out` or `$merge`, or null. Any other position is 40601; inside a transaction 263. */
export function writeStageOf(context: CommandContext, stages: readonly RawValue[]): WriteStage | null {
  for (const [index, stage] of stages.entries()) {
    const [name, operand] = stageOf(stage);
    if (name !== '$out' && name !== '$merge') continue;
    if (index !== stages.length - 1)
      throw new MongoFailure(40601, `${name} can only be the final stage in the pipeline`);
    checkMayWrite(context, name);
    return { name, operand };
  }
  return null;
}

/** Rejects a stage that writes inside a transaction or with the read concern `linearizable`. */
function checkMayWrite({ body, transaction }: CommandContext, stage: WriteStage['name']): void {
  if (transaction !== null) {
    throw new MongoFailure(
      'OperationNotSupportedInTransaction',
      `Operation not permitted in transaction :: caused by :: Aggregation stage: ${stage} cannot run within a multi-document transaction`,
    );
  }
  if (body.nested('readConcern')?.string('level') === 'linearizable') {
    throw new MongoFailure('InvalidOptions', `${stage} cannot be used with a 'linearizable' read concern level`);
  }
}

/** Runs the stage over the pipeline's whole output; nothing is written before the pipeline has finished. */
export async function runWriteStage(context: CommandContext, stage: WriteStage, results: Documents): Promise<void> {
  const documents: Uint8Array[] = [];
  for (const document of results) {
    if (document !== null) documents.push(document);
    if (context.turns.isOver) await context.turns.next();
  }
  if (stage.name === '$merge') await runMerge(context, stage.operand, documents);
  else await runOut(context, stage.operand, documents);
}

/**
 * `$out`: fills a temporary collection that has the target's options and indexes, then renames it over the target. A
 * stream on the target sees a rename. Source: manual, "$out"; `metadata_notifications.js` of mongodb/mongo.
 */
async function runOut(context: CommandContext, operand: RawValue, documents: readonly Uint8Array[]): Promise<void> {
  const { store, locks } = context.server;
  const target = writeTargetOf(context, operand, '$out');
  const find = (): Collection | undefined => store.catalog.find(target.database, target.name);
  await waitForTransactions(context, find);
  const replaced = find();
  const forms = documents.map((document) => storedForm(document, () => store.clusterClock.tick()));
  const made = createTemporary(store, target.database, replaced);
  const access = new DirectAccess(store, locks);
  try {
    for (const form of forms) {
      access.insert(made, form, access.stamp());
      if (context.turns.isOver) await context.turns.next();
    }
    await waitForTransactions(context, find);
  } catch (error) {
    if (store.catalog.find(made.database, made.name) === made) dropCollection(store, made);
    throw error;
  }
  renameCollection(store, { collection: made, target, replaced: find() });
}

/** A collection with the options and indexes of the one that it will replace. */
function createTemporary(store: Store, database: string, replaced: Collection | undefined): Collection {
  const name = `tmp.agg_out.${randomUUID()}`;
  if (replaced === undefined) return createCollection(store, { database, name });
  const made = createCollection(store, { database, name, options: replaced.options });
  for (const { specification } of replaced.indexes) addIndex(store, made, specification);
  return made;
}

/** Adds an index to an empty collection. */
function addIndex({ catalog, history }: Store, collection: Collection, specification: Buffer): void {
  catalog.createIndex(collection, specification, { isReady: true });
  const operationDescription = new BsonWriter().documents('indexes', [specification]).finish();
  history.append(collection.namespace, { kind: 'createIndexes', operationDescription }, history.stamp());
}
