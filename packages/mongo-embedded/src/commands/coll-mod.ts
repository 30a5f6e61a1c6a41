import { BsonWriter } from '../bson/bson-writer.ts';
import { CommandBody } from '../bson/command-body.ts';
import { forEachElement } from '../bson/raw-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Collection } from '../storage/catalog.ts';
import type { IndexTable } from '../storage/index-table.ts';
import { refuseView } from './collection-documents.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { imagesOption } from './images-option.ts';
import { collectionName } from './namespace.ts';
import { waitForTransactions } from './wait-for-transactions.ts';

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database, server } = context;
  const { store } = server;
  const name = collectionName(body, database);
  await waitForTransactions(context, () => store.catalog.find(database, name));
  const collection = store.catalog.find(database, name);
  if (collection === undefined) throw new MongoFailure('NamespaceNotFound', `ns does not exist: ${database}.${name}`);
  refuseView(context, name);
  const images = imagesOption(body.element('changeStreamPreAndPostImages'), 'collMod.changeStreamPreAndPostImages');
  const indexChange = body.nested('index');
  const before = stateOf(collection, indexChange);
  store.group.enter();
  const reply: Record<string, unknown> = {};
  if (images !== undefined)
    store.catalog.setOptions(collection, withOption(collection.options, 'changeStreamPreAndPostImages', images));
  if (indexChange !== undefined) Object.assign(reply, changeIndex(context, collection, indexChange));
  const change = { kind: 'modify', operationDescription: describe(body), preImage: before } as const;
  store.history.append(collection.namespace, change, store.history.stamp());
  return reply;
}

function withOption(options: Uint8Array, name: string, value: Uint8Array): Buffer {
  return copyWithout(options, [name]).document(name, value).finish();
}

/** A writer that holds the document's elements except those of these names. */
function copyWithout(document: Uint8Array, names: readonly string[]): BsonWriter {
  const writer = new BsonWriter();
  forEachElement(document, (name, element) => {
    if (!names.includes(name)) writer.value(name, element.type, element.bytes);
    return undefined;
  });
  return writer;
}

function chosenIndex(collection: Collection, wanted: CommandBody): IndexTable {
  const name = wanted.string('name');
  const pattern = wanted.document('keyPattern');
  const index = collection.indexes.find((candidate) =>
    name === undefined ? pattern?.equals(candidate.keyPattern) === true : candidate.name === name,
  );
  if (index === undefined)
    throw new MongoFailure(
      'IndexNotFound',
      `cannot find index ${name ?? 'with that key pattern'} for ns ${collection.database}.${collection.name}`,
    );
  return index;
}

/** What an index has, or what a command changes: undefined for an option that is not given. */
interface IndexOptions {
  readonly seconds: number | undefined;
  readonly isHidden: boolean | undefined;
}

/** Changes `hidden` and `expireAfterSeconds` of an index. Returns the reply's fields. */
function changeIndex({ server }: CommandContext, collection: Collection, wanted: CommandBody): Record<string, unknown> {
  const index = chosenIndex(collection, wanted);
  const before = new CommandBody(index.specification);
  const old = { seconds: before.number('expireAfterSeconds'), isHidden: before.boolean('hidden') };
  const change = { seconds: secondsOf(wanted), isHidden: wanted.boolean('hidden') };
  if (change.seconds === undefined && change.isHidden === undefined) {
    throw new MongoFailure('InvalidOptions', 'no expireAfterSeconds, hidden, unique, or prepareUnique field');
  }
  const writer = copyWithout(index.specification, ['hidden', 'expireAfterSeconds']);
  const seconds = change.seconds ?? old.seconds;
  if (seconds !== undefined) writer.int32('expireAfterSeconds', seconds);
  if (change.isHidden ?? old.isHidden) writer.boolean('hidden', true);
  server.store.catalog.setIndexSpecification(collection, index, writer.finish());
  return { ...secondsReply(old, change), ...hiddenReply(old, change) };
}

function secondsReply(old: IndexOptions, { seconds }: IndexOptions): Record<string, number> {
  if (seconds === undefined) return {};
  const before = old.seconds === undefined ? {} : { expireAfterSeconds_old: old.seconds };
  return { ...before, expireAfterSeconds_new: seconds };
}

function hiddenReply(old: IndexOptions, { isHidden }: IndexOptions): Record<string, boolean> {
  return isHidden === undefined ? {} : { hidden_old: old.isHidden ?? false, hidden_new: isHidden };
}

function secondsOf(wanted: CommandBody): number | undefined {
  const seconds = wanted.number('expireAfterSeconds');
  if (seconds === undefined || (seconds >= 0 && seconds < 2 ** 31)) return seconds && Math.trunc(seconds);
  throw new MongoFailure('InvalidOptions', "TTL index 'expireAfterSeconds' option must be within an acceptable range");
}

/** `{ collectionOptions, indexOptions }` before the change; stored as the history entry's pre-image. */
function stateOf(collection: Collection, indexChange: CommandBody | undefined): Buffer {
  const writer = new BsonWriter().beginDocument('collectionOptions').binary('uuid', collection.uuid, 4);
  writer.elements(collection.options).end();
  if (indexChange !== undefined) {
    const body = new CommandBody(chosenIndex(collection, indexChange).specification);
    const seconds = body.number('expireAfterSeconds');
    writer.beginDocument('indexOptions');
    if (indexChange.has('expireAfterSeconds') && seconds !== undefined)
      writer.int64('expireAfterSeconds', Math.trunc(seconds));
    if (indexChange.has('hidden')) writer.boolean('hidden', body.boolean('hidden') ?? false);
    writer.end();
  }
  return writer.finish();
}

/** The `operationDescription` of a `modify` event: the requested changes. */
function describe(body: CommandBody): Buffer {
  const writer = new BsonWriter();
  for (const name of ['changeStreamPreAndPostImages', 'index'] as const) {
    const value = body.document(name);
    if (value !== undefined) writer.document(name, value);
  }
  return writer.finish();
}

/** `collMod` for pre- and post-images, and for hidden and TTL indexes. */
export const collModCommand: Command = {
  names: ['collMod'],
  isWrite: true,
  run,
};
