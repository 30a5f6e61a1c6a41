import { batchRequest } from '../cursor/open-cursor.ts';
import type { ScanOrder } from '../cursor/scan-plan.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { CompiledFilter } from '../query/filter.ts';
import type { Collection } from '../storage/catalog.ts';
import { viewOf } from '../storage/collection-options.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { scanSource } from './find.ts';
import { queryRead, readCollection } from './named-collection.ts';

async function run(context: CommandContext): Promise<CommandResult> {
  const collection = context.access.collection(context.database, readCollection(context));
  const { body } = context;
  const skip = body.count('skip') ?? 0;
  // A negative limit means the same as its absolute value. Source: manual, count.
  const limit = Math.abs(Number(body.int64('limit') ?? 0n));
  const { filter, choice } = queryRead(context, collection);
  if (collection === undefined) return { n: 0 };
  const isWhole = filter.matchesAll && context.transaction === null && viewOf(collection) === null;
  const all = isWhole
    ? collection.table.count()
    : await countMatches(context, { collection, filter, order: choice.order });
  const beyondSkip = Math.max(0, all - skip);
  return { n: limit === 0 ? beyondSkip : Math.min(limit, beyondSkip) };
}

interface Counted {
  readonly collection: Collection;
  readonly filter: CompiledFilter;
  readonly order: ScanOrder;
}

async function countMatches(context: CommandContext, { collection, filter, order }: Counted): Promise<number> {
  const source = scanSource(context, collection, {
    filter,
    order,
    bounds: filter.idBounds,
    skip: 0,
    limit: null,
    project: null,
  });
  const request = batchRequest(context, { documentsMax: 1000 });
  let count = 0;
  for (;;) {
    const batch = await source.next(request);
    count += batch.documents.length;
    if (batch.isExhausted) return count;
  }
}

/** Rejected in transactions, as in mongod: `countDocuments` aggregates instead. */
export const countCommand: Command = {
  names: ['count'],
  run(context) {
    if (context.transaction !== null)
      throw new MongoFailure('OperationNotSupportedInTransaction', 'Cannot run count in a multi-document transaction.');
    return run(context);
  },
};
