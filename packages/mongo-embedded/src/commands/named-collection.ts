import type { Collection } from '../storage/catalog.ts';
import { refuseView } from './collection-documents.ts';
import { checkCollectionUuid } from './collection-uuid.ts';
import type { CommandContext } from './command.ts';
import type { ExplainedRead } from './explain-plan.ts';
import { checkCommandCollation, filterOf, unsorted, variablesOf } from './find-options.ts';
import { readHint, restricted } from './hint.ts';
import { checkWritableName, collectionName } from './namespace.ts';
import { refuseOplog } from './oplog-cursor.ts';

/** The name of the collection that a command writes to. Throws if it is no collection that clients may write. */
export function writtenCollection(context: CommandContext): string {
  const name = collectionName(context.body, context.database);
  checkWritableName(context.database, name);
  refuseView(context, name);
  checkCollectionUuid(context, name);
  return name;
}

/** The name of the collection that a command counts or compares values of. */
export function readCollection(context: CommandContext): string {
  const name = collectionName(context.body, context.database);
  checkCommandCollation(context.body);
  checkCollectionUuid(context, name);
  refuseOplog(context, name);
  return name;
}

/** What a command without a sort reads: the matches of the filter `query`, along the hinted index. */
export function queryRead(context: CommandContext, collection: Collection | undefined): ExplainedRead {
  const filter = filterOf(context.body.document('query'), variablesOf(context));
  const hint = readHint(context, context.body, collection);
  return { filter: restricted(filter, hint), choice: unsorted(hint.order.order) };
}
