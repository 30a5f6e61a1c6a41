import { bsonTypes } from '@emcachers/bson/bson-types';
import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { numberOf, typeName } from '../bson/element-value.ts';
import { forEachElement, type RawElement } from '../bson/raw-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { TransactionAccess } from '../session/transaction-access.ts';
import type { Collection } from '../storage/catalog.ts';
import { recordIndexes } from '../storage/schema-change.ts';
import { buildIndex } from './build-index.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { appendIndexOption } from './index-options.ts';
import { writtenCollection } from './named-collection.ts';
import { collectionName } from './namespace.ts';
import { waitForTransactions } from './wait-for-transactions.ts';

/** Maximum indexes per collection. Source: manual, "MongoDB Limits and Thresholds". */
const indexesMax = 64;
const pluginTypes: ReadonlySet<string> = new Set(['text', '2d', '2dsphere', 'hashed', 'columnstore']);

/** Normalizes an index specification for storage: `v`, `key` and `name` first, then the other options. */
export function parseSpecification(raw: Uint8Array): Buffer {
  const body = new CommandBody(Buffer.from(raw), new Map(), 'createIndexes.indexes');
  const key = body.document('key');
  if (key === undefined)
    throw new MongoFailure('FailedToParse', "The 'key' field is a required property of an index specification");
  checkKeyPattern(key);
  const name = body.string('name');
  if (name === undefined)
    throw new MongoFailure('FailedToParse', "The 'name' field is a required property of an index specification");
  if (name === '') throw new MongoFailure('CannotCreateIndex', 'index name cannot be empty');
  const writer = new BsonWriter().int32('v', 2).document('key', key).string('name', name);
  forEachElement(raw, (field, element) => {
    appendIndexOption(writer, field, element);
    return undefined;
  });
  return writer.finish();
}

function checkKeyPattern(key: Uint8Array): void {
  let fields = 0;
  forEachElement(key, (path, element) => {
    fields += 1;
    checkKeyValue(element);
    if (path === '' || path.startsWith('.') || path.endsWith('.'))
      throw new MongoFailure('CannotCreateIndex', 'Index keys cannot be an empty field.');
    return undefined;
  });
  if (fields === 0) throw new MongoFailure('CannotCreateIndex', 'Index keys cannot be empty.');
  if (fields > 32) throw new MongoFailure(13103, 'too many compound keys');
}

/** A value of a key pattern is a number other than 0, or the name of a kind of index. */
function checkKeyValue(element: RawElement): void {
  const isPlugin =
    element.type === bsonTypes.string && pluginTypes.has(element.bytes.toString('utf8', 4, element.bytes.length - 1));
  if (isPlugin) return;
  const direction = numberOf(element) ?? `a value of type ${typeName(element.type)}`;
  if (typeof direction === 'number' && direction !== 0 && !Number.isNaN(direction)) return;
  throw new MongoFailure(
    'CannotCreateIndex',
    `Values in v:2 index key pattern cannot be ${direction}. Only numbers > 0, numbers < 0, and strings are allowed.`,
  );
}

function isIdPattern(specification: CommandBody): boolean {
  const key = specification.nested('key');
  return key !== undefined && key.keys().length === 1 && key.name === '_id' && key.number('_id') === 1;
}

/** Whether the index already exists. Throws if a different index has the same name, or the same keys and signature. */
function exists(collection: Collection, specification: Buffer): boolean {
  const body = new CommandBody(specification);
  if (isIdPattern(body)) return true;
  const name = body.requiredString('name');
  const named = collection.indexes.find((index) => index.name === name);
  if (named !== undefined) {
    if (optionsOf(named.specification) === optionsOf(specification)) return true;
    const code =
      signatureOf(named.specification) === signatureOf(specification)
        ? 'IndexOptionsConflict'
        : 'IndexKeySpecsConflict';
    throw new MongoFailure(
      code,
      `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index name: ${name}`,
    );
  }
  const equal = collection.indexes.find((index) => signatureOf(index.specification) === signatureOf(specification));
  if (equal === undefined) return false;
  throw new MongoFailure('IndexOptionsConflict', `Index already exists with a different name: ${equal.name}`);
}

/** Whether another command is building an index of that name or key pattern. */
function isBeingBuilt({ indexes }: Collection, specification: Buffer): boolean {
  const name = new CommandBody(specification).requiredString('name');
  const signature = signatureOf(specification);
  return indexes.some(
    (index) => !index.state.isReady && (index.name === name || signatureOf(index.specification) === signature),
  );
}

/** Every option and the key pattern as comparable text; the order of options does not matter. */
function optionsOf(specification: Uint8Array, isWanted: (name: string) => boolean = () => true): string {
  const parts: string[] = [];
  forEachElement(specification, (name, element) => {
    const isCompared = name !== 'v' && name !== 'name' && isWanted(name);
    const text = isCompared ? optionText(name, element) : null;
    if (text !== null) parts.push(`${name}\0${text}`);
    return undefined;
  });
  return parts.sort().join('\0\0');
}

/** Null for a flag that is off, which is the same as one that is absent. */
function optionText(name: string, { type, bytes }: RawElement): string | null {
  if (name === 'key') return patternText(bytes);
  if (type !== bsonTypes.boolean) return bytes.toString('latin1');
  return bytes[0] === 0 ? null : 'true';
}

const signatureFields: ReadonlySet<string> = new Set([
  'key',
  'unique',
  'sparse',
  'partialFilterExpression',
  'collation',
  'wildcardProjection',
]);

/**
 * The options that distinguish indexes on the same keys; since 5.0 several may coexist if their signatures differ.
 * Source: manual, createIndexes.
 */
function signatureOf(specification: Uint8Array): string {
  return optionsOf(specification, (name) => signatureFields.has(name));
}

function patternText(pattern: Uint8Array): string {
  const parts: string[] = [];
  forEachElement(pattern, (path, element) => {
    parts.push(`${path}\0${numberOf(element) ?? element.bytes.toString('latin1')}`);
    return undefined;
  });
  return parts.join('\0');
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database, server } = context;
  const name = writtenCollection(context);
  const specifications = (body.documents('indexes') ?? []).map(parseSpecification);
  if (specifications.length === 0) throw new MongoFailure('BadValue', 'Must specify at least one index to create');
  if (context.transaction === null) await waitForTransactions(context, () => server.store.catalog.find(database, name));
  const createdCollectionAutomatically = context.access.collection(database, name) === undefined;
  // Looked up anew after every build: it takes several turns.
  const find = (): Collection => context.access.collectionForWrite(database, name);
  if (context.transaction !== null && find().id >= 0) {
    throw new MongoFailure(
      'OperationNotSupportedInTransaction',
      'Cannot create new indexes on existing collections in a multi-document transaction.',
    );
  }
  const numIndexesBefore = find().indexes.length + 1;
  const built = await buildAll(context, specifications, find);
  if (context.transaction === null) recordIndexes(server.store, find(), built);
  const numIndexesAfter = find().indexes.length + 1;
  const note = numIndexesAfter === numIndexesBefore ? { note: 'all indexes already exist' } : {};
  return { numIndexesBefore, numIndexesAfter, createdCollectionAutomatically, commitQuorum: 'votingMembers', ...note };
}

/** Builds the indexes that do not exist yet and returns their specifications; if one fails, none of them stays. */
async function buildAll(
  context: CommandContext,
  specifications: readonly Buffer[],
  find: () => Collection,
): Promise<Buffer[]> {
  const built: Buffer[] = [];
  try {
    for (const specification of specifications) {
      while (isBeingBuilt(find(), specification)) await context.turns.next();
      if (exists(find(), specification)) continue;
      await build(context, find(), specification);
      built.push(specification);
    }
    return built;
  } catch (error) {
    dropBuilt(context, built);
    throw error;
  }
}

function dropBuilt({ body, database, server }: CommandContext, built: readonly Buffer[]): void {
  const { catalog, group } = server.store;
  const collection = catalog.find(database, collectionName(body, database));
  if (collection === undefined || built.length === 0) return;
  group.enter();
  for (const index of collection.indexes.filter(({ specification }) =>
    built.some((each) => each.equals(specification)),
  )) {
    catalog.dropIndex(collection, index);
  }
}

async function build(context: CommandContext, collection: Collection, specification: Buffer): Promise<void> {
  const { access } = context;
  if (access instanceof TransactionAccess) {
    access.planIndex(collection, specification);
    return;
  }
  if (collection.indexes.length + 1 >= indexesMax) {
    throw new MongoFailure(
      'CannotCreateIndex',
      `add index fails, too many indexes for ${collection.database}.${collection.name}`,
    );
  }
  await buildIndex(context, collection, specification);
}

/** `createIndexes`. */
export const createIndexesCommand: Command = {
  names: ['createIndexes'],
  isTransactional: true,
  isWrite: true,
  run,
};
