import { bsonTypes } from '@emcachers/bson/bson-types';
import { rawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { forEachElement, type RawElement } from '../bson/raw-element.ts';
import { objectIn } from '../bson/typed-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { compilePipeline } from '../query/pipeline.ts';
import { TransactionAccess } from '../session/transaction-access.ts';
import { createCollection } from '../storage/schema-change.ts';
import { checkCollation } from './collation.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { variablesOf } from './find-options.ts';
import { imagesOption } from './images-option.ts';
import { checkCollectionName, checkWritableName, collectionName } from './namespace.ts';

/** Options that are stored unchanged and shown by listCollections. */
const kept: ReadonlySet<string> = new Set([
  'changeStreamPreAndPostImages',
  'storageEngine',
  'indexOptionDefaults',
  'validationLevel',
  'validationAction',
  'viewOn',
  'pipeline',
  'clusteredIndex',
]);

/** The options of `create` to store. Throws if one is malformed or does not fit the others. */
function readOptions(context: CommandContext): Buffer {
  const writer = new BsonWriter();
  forEachElement(context.body.raw, (name, element) => {
    if (name === 'size' || name === 'max')
      throw new MongoFailure('InvalidOptions', `the '${name}' field is only valid when 'capped' is true`);
    const isAbsent = element.type === bsonTypes.null || element.type === bsonTypes.undefined;
    if (!isAbsent) appendOption(writer, name, element);
    return undefined;
  });
  return writer.finish();
}

function appendOption(writer: BsonWriter, name: string, element: RawElement): void {
  if (name === 'collation') checkCollation(element, 'create.collation');
  if (name === 'changeStreamPreAndPostImages') imagesOption(element, `create.${name}`);
  if (name === 'clusteredIndex') writer.document(name, clusteredIndex(element.bytes));
  else if (kept.has(name)) writer.value(name, element.type, element.bytes);
}

/** Normalizes a clustered index for storage: on `_id`, unique, with a name. */
function clusteredIndex(raw: Buffer): Buffer {
  const body = new CommandBody(raw, new Map(), 'create.clusteredIndex');
  const isOnId = body.nested('key')?.number('_id') === 1;
  if (!isOnId || body.boolean('unique') !== true) {
    throw new MongoFailure(
      'InvalidIndexSpecificationOption',
      'The clusteredIndex must be unique and on the key {_id: 1}',
    );
  }
  const version = body.number('v') ?? 2;
  if (version !== 2)
    throw new MongoFailure('CannotCreateIndex', `Invalid index version ${version}: a clusteredIndex has version 2`);
  const writer = new BsonWriter().int32('v', 2).beginDocument('key').int32('_id', 1).end();
  return writer
    .string('name', body.string('name') ?? '_id_')
    .boolean('unique', true)
    .finish();
}

/** Validates a view: it needs a source, and its pipeline must compile. */
function checkView(context: CommandContext): void {
  const { body, database } = context;
  const on = body.string('viewOn');
  const pipeline = body.array('pipeline');
  if (on === undefined) {
    if (pipeline !== undefined)
      throw new MongoFailure('InvalidOptions', "'pipeline' requires 'viewOn' to also be specified");
    return;
  }
  checkCollectionName(database, on);
  const stages = (pipeline ?? []).map(({ type, bytes }, index) =>
    rawValue(type, objectIn({ type, bytes }, `create.pipeline.${index}`)),
  );
  compilePipeline(stages, { variables: variablesOf(context), documents: () => [] });
}

function run(context: CommandContext): CommandResult {
  const { body, database, server, access } = context;
  const name = collectionName(body, database);
  checkWritableName(database, name);
  const options = readOptions(context);
  checkView(context);
  const existing = access.collection(database, name);
  if (existing !== undefined) {
    if (existing.options.equals(options) && context.transaction === null) return {};
    throw new MongoFailure('NamespaceExists', `Collection ${database}.${name} already exists.`);
  }
  if (access instanceof TransactionAccess) access.create(database, name, options);
  else createCollection(server.store, { database, name, options });
  return {};
}

/** `create`. */
export const createCommand: Command = { names: ['create'], isTransactional: true, isWrite: true, run };
