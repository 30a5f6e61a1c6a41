import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { textBetween } from '@emcachers/bson/read-bytes';
import { BsonWriter } from '../bson/bson-writer.ts';
import { batchRequest } from '../cursor/open-cursor.ts';
import type { ScanOrder } from '../cursor/scan-plan.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { CompiledFilter } from '../query/filter.ts';
import { orderKey } from '../query/order-key.ts';
import { fieldOf, itemsOf, pathBytes } from '../query/raw-document.ts';
import { documentBytesMax } from '../server-state.ts';
import type { Collection } from '../storage/catalog.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { scanSource } from './find.ts';
import { queryRead, readCollection } from './named-collection.ts';

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database, access } = context;
  const name = readCollection(context);
  const key = body.requiredString('key');
  if (key === '' || key.includes('\0')) throw new MongoFailure('BadValue', "'key' must be a path");
  const collection = access.collection(database, name);
  const { filter, choice } = queryRead(context, collection);
  const wanted = { names: pathBytes(key), filter, order: choice.order };
  const values = collection === undefined ? [] : await readValues(context, collection, wanted);
  const writer = new BsonWriter().beginArray('values');
  values.forEach((value, index) => {
    writer.value(String(index), value.type, value.span());
  });
  if (writer.length > documentBytesMax) throw new MongoFailure(17217, 'distinct too big, 16mb cap');
  writer.end();
  return context.snapshotTime === null ? writer : writer.timestamp('atClusterTime', context.snapshotTime);
}

interface Wanted {
  readonly names: readonly Uint8Array[];
  readonly filter: CompiledFilter;
  readonly order: ScanOrder;
}

/** Distinct values in order of first occurrence; arrays contribute their items. */
async function readValues(
  context: CommandContext,
  collection: Collection,
  { names, filter, order }: Wanted,
): Promise<RawValue[]> {
  const source = scanSource(context, collection, {
    filter,
    order,
    bounds: filter.idBounds,
    skip: 0,
    limit: null,
    project: null,
  });
  const request = batchRequest(context, { documentsMax: 1000 });
  const found = new Map<string, RawValue>();
  for (;;) {
    const batch = await source.next(request);
    for (const document of batch.documents) collect(documentValue(document), names, found);
    if (context.turns.isOver) await context.turns.next();
    if (batch.isExhausted) return [...found.values()];
  }
}

function collect(value: RawValue, names: readonly Uint8Array[], found: Map<string, RawValue>): void {
  const [name, ...rest] = names;
  if (value.type === bsonTypes.array) {
    collectFromArray(itemsOf(value), names, found);
    return;
  }
  if (name === undefined) {
    add(value, found);
    return;
  }
  const field = value.type === bsonTypes.object ? fieldOf(value, name) : undefined;
  if (field !== undefined) collect(field, rest, found);
}

/** A name that is a number selects the item at that position; every document in the array is searched as well. */
function collectFromArray(
  items: readonly RawValue[],
  names: readonly Uint8Array[],
  found: Map<string, RawValue>,
): void {
  const [name, ...rest] = names;
  if (name === undefined) {
    for (const item of items) add(item, found);
    return;
  }
  const text = textBetween(name, 0, name.length);
  const indexed = /^\d+$/.test(text) ? items[Number(text)] : undefined;
  if (indexed !== undefined) collect(indexed, rest, found);
  for (const item of items) if (item.type === bsonTypes.object) collect(item, names, found);
}

function add(value: RawValue, found: Map<string, RawValue>): void {
  const key = orderKey(value).toString('latin1');
  if (!found.has(key)) found.set(key, value);
}

/** `distinct`. */
export const distinctCommand: Command = {
  names: ['distinct'],
  isTransactional: true,
  run,
};
