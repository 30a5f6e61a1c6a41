import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { serialize } from 'bson';
import { BsonWriter } from '../bson/bson-writer.ts';
import type { CommandBody } from '../bson/command-body.ts';
import { findElement } from '../bson/raw-element.ts';
import { IteratorSource } from '../cursor/iterator-source.ts';
import { openCursor } from '../cursor/open-cursor.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { compilePipeline, stageOf } from '../query/pipeline.ts';
import type { Documents } from '../query/stages/stage.ts';
import type { Collection } from '../storage/catalog.ts';
import { viewOf } from '../storage/collection-options.ts';
import { openChangeStreamCursor } from './change-stream-cursor.ts';
import { documentsByName, documentsOf } from './collection-documents.ts';
import { checkCollectionUuid } from './collection-uuid.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { checkCommandCollation, variablesOf } from './find-options.ts';
import { type Hint, readHint } from './hint.ts';
import { checkCollectionName } from './namespace.ts';
import { refuseOplog } from './oplog-cursor.ts';
import { readSourceStage } from './source-stages.ts';
import { runWriteStage, writeStageOf } from './write-stage.ts';

/** The collection that the pipeline reads; null for `aggregate: 1`. */
function targetOf({ body, database }: CommandContext): string | null {
  const target = body.element('aggregate');
  if (target?.type === bsonTypes.string) {
    const name = body.requiredString('aggregate');
    checkCollectionName(database, name);
    return name;
  }
  if (target !== undefined && body.number('aggregate') === 1) return null;
  throw new MongoFailure(
    'FailedToParse',
    "Invalid command format: the 'aggregate' field must specify a collection name or 1",
  );
}

function stagesOf({ body }: CommandContext): RawValue[] {
  const stages = body.array('pipeline');
  if (stages === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field 'aggregate.pipeline' is missing but a required field");
  return stages.map(({ type, bytes }) => {
    if (type !== bsonTypes.object)
      throw new MongoFailure('TypeMismatch', "Each element of the 'pipeline' array must be an object");
    return rawValue(type, bytes);
  });
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database, server } = context;
  const name = targetOf(context);
  const stages = stagesOf(context);
  if (body.boolean('explain') === true)
    throw new MongoFailure('CommandNotSupported', 'explain of aggregate is not supported by this server');
  if (body.element('cursor') === undefined) {
    throw new MongoFailure(
      'FailedToParse',
      "The 'cursor' option is required, except for aggregate with the explain argument",
    );
  }
  checkCommandCollation(body);
  server.counters.operations.command += 1;
  const isChangeStream = stages[0] !== undefined && findElement(stages[0].span(), '$changeStream') !== undefined;
  if (isChangeStream) return openChangeStreamCursor(context, name, stages);
  if (name !== null) {
    checkCollectionUuid(context, name);
    refuseOplog(context, name);
  }
  const namespace = `${database}.${name ?? '$cmd.aggregate'}`;
  const batchSize = body.nested('cursor')?.count('batchSize');
  const writeStage = writeStageOf(context, stages);
  if (writeStage !== null) {
    await runWriteStage(context, writeStage, results(context, name, stages.slice(0, -1)));
    return openCursor(context, { namespace, source: new IteratorSource([]), batchSize });
  }
  return openCursor(context, { namespace, source: new IteratorSource(results(context, name, stages)), batchSize });
}

/** The documents that the pipeline returns. */
function results(context: CommandContext, name: string | null, stages: readonly RawValue[]): Documents {
  const { access, database, body } = context;
  const variables = variablesOf(context);
  const collection = name === null ? undefined : access.collection(database, name);
  const documents = (other: string): Documents => documentsByName(context, other);
  const first = stages[0] === undefined ? null : stageOf(stages[0]);
  const given = first === null ? null : readSourceStage(context, { name, collection, stage: first });
  if (given !== null) return compilePipeline(stages.slice(1), { variables, documents }).run(given);
  const firstName = first?.[0];
  if (name === null) checkReadsNoCollection(firstName);
  const pipeline = compilePipeline(stages, { variables, documents });
  const hint = readHint(context, body, collection);
  if (collection === undefined || firstName === '$documents') return pipeline.run([]);
  const counted = countOf(context, { collection, hint, stages });
  if (counted !== null) return [counted];
  return pipeline.run(documentsOf(context, collection, { filter: pipeline.leadingFilter, hint }));
}

/** Throws InvalidNamespace 73 if a pipeline that starts with this stage needs a collection. */
function checkReadsNoCollection(firstStage = 'an empty pipeline'): void {
  if (firstStage === '$documents') return;
  throw new MongoFailure(
    'InvalidNamespace',
    `{aggregate: 1} is not valid for '${firstStage}'; a collection is required.`,
  );
}

/** Compiles the pipeline and checks its options as a run would. Shows no scan: a pipeline may have several. */
export function explainAggregate(context: CommandContext): null {
  const stages = stagesOf(context);
  if (stages[0] !== undefined && findElement(stages[0].span(), '$changeStream') !== undefined) return null;
  const writeStage = writeStageOf(context, stages);
  results(context, targetOf(context), writeStage === null ? stages : stages.slice(0, -1));
  return null;
}

/** `[{ $match: {} }, { $group: { _id: 1, n: { $sum: 1 } } }]`, which is how drivers count documents. */
const countStages = [serialize({ $match: {} }), serialize({ $group: { _id: 1, n: { $sum: 1 } } })].map(asBuffer);

interface CollectionRead {
  readonly collection: Collection;
  readonly hint: Hint;
  readonly stages: readonly RawValue[];
}

/** Answers the count of a whole collection without reading it. */
function countOf(
  { transaction, snapshotTime }: CommandContext,
  { collection, hint, stages }: CollectionRead,
): Buffer | null {
  if (transaction !== null || snapshotTime !== null || hint.covers !== null) return null;
  if (stages.length !== 2 || viewOf(collection) !== null) return null;
  const isCount = stages.every((stage, index) => countStages[index]?.equals(stage.span()) === true);
  const count = isCount ? collection.table.count() : 0;
  if (count === 0) return null;
  return new BsonWriter().int32('_id', 1).int32('n', count).finish();
}

/** Whether the pipeline ends with a stage that writes. */
function writesOutput(body: CommandBody): boolean {
  const pipeline = body.element('pipeline');
  const last = pipeline?.type === bsonTypes.array ? body.array('pipeline')?.at(-1) : undefined;
  if (last?.type !== bsonTypes.object) return false;
  return findElement(last.bytes, '$out') !== undefined || findElement(last.bytes, '$merge') !== undefined;
}

/** `aggregate`. */
export const aggregateCommand: Command = {
  names: ['aggregate'],
  isTransactional: true,
  isWrite: writesOutput,
  run,
};
