import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { stageOf } from '../query/pipeline.ts';
import { entriesOf, itemsOf, pathBytes, valueAtPath } from '../query/raw-document.ts';
import { renameCollection } from '../storage/rename.ts';
import { createCollection, dropCollection } from '../storage/schema-change.ts';
import { refuseView } from './collection-documents.ts';
import type { CommandContext } from './command.ts';
import { Inserter } from './insert.ts';
import { checkWritableName } from './namespace.ts';
import { compileStatement, runUpdate, type UpdateParts } from './update-statement.ts';

/** A final stage that writes the pipeline's output. */
export type OutputStage =
  | { readonly kind: 'out'; readonly database: string; readonly name: string }
  | {
      readonly kind: 'merge';
      readonly database: string;
      readonly name: string;
      readonly on: readonly string[];
      readonly whenMatched: string | RawValue;
      readonly whenNotMatched: string;
    };

const givesWayEvery = 500;

/** Reads a `$out` or `$merge` stage; null for any other. Source: manual, "$out" and "$merge". */
export function readOutputStage(context: CommandContext, stage: RawValue | undefined): OutputStage | null {
  if (stage === undefined || stage.type !== bsonTypes.object) return null;
  const [name, operand] = stageOf(stage);
  if (name !== '$out' && name !== '$merge') return null;
  if (context.transaction !== null) {
    throw new MongoFailure('OperationNotSupportedInTransaction', `${name} cannot be used in a transaction`);
  }
  const output = name === '$out' ? readOut(context, operand) : readMerge(context, operand);
  checkWritableName(output.database, output.name);
  refuseView({ ...context, database: output.database }, output.name);
  return output;
}

function textOf(value: RawValue | undefined, what: string): string {
  if (value?.type !== bsonTypes.string) throw new MongoFailure('TypeMismatch', `${what} must be a string`);
  return stringOf(value);
}

function readTarget(
  { database }: CommandContext,
  value: RawValue | undefined,
  what: string,
): { database: string; name: string } {
  if (value?.type === bsonTypes.string) return { database, name: stringOf(value) };
  if (value?.type !== bsonTypes.object)
    throw new MongoFailure(51178, `${what} must be a collection's name or a document with db and coll`);
  const fields = new Map(entriesOf(value));
  const db = fields.get('db');
  return {
    database: db === undefined ? database : textOf(db, `${what}.db`),
    name: textOf(fields.get('coll'), `${what}.coll`),
  };
}

function readOut(context: CommandContext, operand: RawValue): OutputStage {
  return { kind: 'out', ...readTarget(context, operand, '$out') };
}

function readMerge(context: CommandContext, operand: RawValue): OutputStage {
  const fields: ReadonlyMap<string, RawValue> =
    operand.type === bsonTypes.object ? new Map(entriesOf(operand)) : new Map([['into', operand]]);
  if (fields.has('let')) throw new MongoFailure('CommandNotSupported', '$merge.let is not supported by this server');
  const on = fields.get('on');
  const paths =
    on === undefined
      ? ['_id']
      : on.type === bsonTypes.array
        ? itemsOf(on).map((item) => textOf(item, '$merge.on'))
        : [textOf(on, '$merge.on')];
  const matched = fields.get('whenMatched');
  const whenMatched =
    matched === undefined
      ? 'merge'
      : matched.type === bsonTypes.array
        ? matched
        : textOf(matched, '$merge.whenMatched');
  const notMatched = fields.get('whenNotMatched');
  const whenNotMatched = notMatched === undefined ? 'insert' : textOf(notMatched, '$merge.whenNotMatched');
  if (typeof whenMatched === 'string' && !['replace', 'keepExisting', 'merge', 'fail'].includes(whenMatched)) {
    throw new MongoFailure(
      'BadValue',
      `Enumeration value '${whenMatched}' for field 'whenMatched' is not a valid value.`,
    );
  }
  if (!['insert', 'discard', 'fail'].includes(whenNotMatched)) {
    throw new MongoFailure(
      'BadValue',
      `Enumeration value '${whenNotMatched}' for field 'whenNotMatched' is not a valid value.`,
    );
  }
  return {
    kind: 'merge',
    ...readTarget(context, fields.get('into'), '$merge.into'),
    on: paths,
    whenMatched,
    whenNotMatched,
  };
}

/** Writes the documents to the stage's target. */
export async function writeOutput(
  context: CommandContext,
  documents: Iterable<Uint8Array>,
  stage: OutputStage,
): Promise<void> {
  const within: CommandContext = { ...context, database: stage.database };
  if (stage.kind === 'out') await replaceCollection(within, documents, stage.name);
  else await mergeInto(within, documents, stage);
}

/** Fills a temporary collection and renames it over the target once complete, as in mongod. */
async function replaceCollection(
  context: CommandContext,
  documents: Iterable<Uint8Array>,
  name: string,
): Promise<void> {
  const { database, server } = context;
  const { store } = server;
  const replaced = store.catalog.find(database, name);
  const temporary = `tmp.agg_out.${randomUUID()}`;
  const collection = createCollection(store, {
    database,
    name: temporary,
    ...(replaced === undefined ? {} : { options: replaced.options }),
  });
  for (const index of replaced?.indexes ?? [])
    store.catalog.createIndex(collection, index.specification, { isReady: true });
  try {
    const inserter = new Inserter(context, temporary);
    for (const document of documents) {
      const failure = await inserter.insert(document);
      if (failure !== null) throw failure;
      if (inserter.inserted % givesWayEvery === 0) await nextTurn();
    }
  } catch (error) {
    dropCollection(store, collection);
    throw error;
  }
  renameCollection(store, { collection, target: { database, name }, replaced: store.catalog.find(database, name) });
}

type MergeStage = OutputStage & { readonly kind: 'merge' };

async function mergeInto(context: CommandContext, documents: Iterable<Uint8Array>, stage: MergeStage): Promise<void> {
  checkOnFields(context, stage);
  let count = 0;
  for (const document of documents) {
    await mergeOne(context, document, stage);
    count += 1;
    if (count % givesWayEvery === 0) await nextTurn();
  }
}

/** Anything but `_id` must be covered by a unique index, 51183. */
function checkOnFields({ access, database }: CommandContext, { on, name }: MergeStage): void {
  if (on.length === 1 && on[0] === '_id') return;
  const wanted = [...on].sort().join();
  const indexes = access.collection(database, name)?.indexes ?? [];
  const isCovered = indexes.some(
    ({ isUnique, paths }) =>
      isUnique &&
      paths
        .map(({ path }) => path)
        .sort()
        .join() === wanted,
  );
  if (!isCovered) throw new MongoFailure(51183, 'Cannot find index to verify that join fields will be unique');
}

async function mergeOne(context: CommandContext, document: Uint8Array, stage: MergeStage): Promise<void> {
  const { name, whenMatched, whenNotMatched } = stage;
  const filter = matchOn(document, stage.on);
  const usesNew = whenMatched !== 'replace';
  const statement = compileStatement(context, {
    ...noParts,
    filter,
    update: updateFor(document, whenMatched),
    ...(usesNew ? extraVariables(document) : {}),
  });
  const outcome = await runUpdate(context, name, { statement });
  if (outcome.matched > 0) {
    if (whenMatched !== 'fail') return;
    throw new MongoFailure(
      'DuplicateKey',
      `$merge failed due to a DuplicateKey error: a document with the same 'on' fields exists`,
    );
  }
  if (whenNotMatched === 'fail')
    throw new MongoFailure(
      13113,
      '$merge could not find a matching document in the target collection for at least one document in the source collection',
    );
  if (whenNotMatched === 'discard') return;
  const failure = await new Inserter(context, name).insert(document);
  if (failure !== null) throw failure;
}

const noParts: UpdateParts = {
  filter: undefined,
  update: undefined,
  constants: undefined,
  arrayFilters: undefined,
  sort: undefined,
  isMulti: false,
  isUpsert: false,
};

function extraVariables(document: Uint8Array): { constants: Uint8Array } {
  return { constants: new BsonWriter().beginDocument('new').document('$literal', document).end().finish() };
}

function matchOn(document: Uint8Array, on: readonly string[]): Buffer {
  const writer = new BsonWriter();
  for (const path of on) {
    const value = valueAtPath(documentValue(document), pathBytes(path));
    if (value === undefined && path !== '_id')
      throw new MongoFailure(
        51132,
        `$merge write error: 'on' field '${path}' cannot be missing, null, undefined or an array`,
      );
    writer.beginDocument(path);
    if (value === undefined) writer.boolean('$exists', false);
    else writer.value('$eq', value.type, value.span());
    writer.end();
  }
  return writer.finish();
}

/** The update that applies `whenMatched` to the target's document, with the new document as `$$new`. */
function updateFor(document: Uint8Array, whenMatched: string | RawValue): { type: number; bytes: Buffer } {
  if (typeof whenMatched !== 'string') return { type: bsonTypes.array, bytes: Buffer.from(whenMatched.span()) };
  if (whenMatched === 'replace') return { type: bsonTypes.object, bytes: Buffer.from(document) };
  const stages = new BsonWriter();
  if (whenMatched === 'merge') {
    stages
      .beginDocument('0')
      .beginDocument('$replaceWith')
      .beginArray('$mergeObjects')
      .string('0', '$$ROOT')
      .string('1', '$$new');
  }
  return { type: bsonTypes.array, bytes: stages.finish() };
}
