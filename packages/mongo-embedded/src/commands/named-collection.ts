import type { CompiledFilter } from '../query/filter.ts';
import type { Collection } from '../storage/catalog.ts';
import { refuseView } from './collection-documents.ts';
import { checkCollectionUuid } from './collection-uuid.ts';
import type { CommandContext } from './command.ts';
import { checkCommandCollation, filterOf, variablesOf } from './find-options.ts';
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

/** The filter `query`, restricted to the documents of the hinted index. */
export function queryFilter(context: CommandContext, collection: Collection | undefined): CompiledFilter {
  const filter = filterOf(context.body.document('query'), variablesOf(context));
  return restricted(filter, readHint(context.body, collection));
}
