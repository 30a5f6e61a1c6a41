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
    if (context.transaction !== null) {
      throw new MongoFailure(
        'OperationNotSupportedInTransaction',
        `Operation not permitted in transaction :: caused by :: Aggregation stage: ${name} cannot run within a multi-document transaction`,
      );
    }
    if (context.body.nested('readConcern')?.string('level') === 'linearizable') {
      throw new MongoFailure('InvalidOptions', `${name} cannot be used with a 'linearizable' read concern level`);
    }
    return { name, operand };
  }
  return null;
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
  const name = `tmp.agg_out.${randomUUID()}`;
  const options = replaced === undefined ? {} : { options: replaced.options };
  const made = createCollection(store, { database: target.database, name, ...options });
  for (const index of replaced?.indexes ?? []) {
    store.catalog.createIndex(made, index.specification, { isReady: true });
    const operationDescription = new BsonWriter().documents('indexes', [index.specification]).finish();
    store.history.append(made.namespace, { kind: 'createIndexes', operationDescription }, store.history.stamp());
  }
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
