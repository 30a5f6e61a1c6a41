import { planScan, type ScanOrder } from '../cursor/scan-plan.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { CompiledFilter } from '../query/filter.ts';
import { compilePipeline } from '../query/pipeline.ts';
import { sortedBy } from '../query/stages/small-stages.ts';
import type { Documents } from '../query/stages/stage.ts';
import type { Collection } from '../storage/catalog.ts';
import { viewOf } from '../storage/collection-options.ts';
import type { CommandContext } from './command.ts';
import { filterOf, variablesOf } from './find-options.ts';
import type { Hint } from './hint.ts';

const pageLimit = { rows: 1000, bytes: 4 * 1024 * 1024 };

/** Maximum depth of nested views. Source: manual, "MongoDB Limits and Thresholds". */
const viewDepthMax = 20;

/** The documents of a collection or view by name, as the call sees them; none if it does not exist. */
export function documentsByName(context: CommandContext, name: string, depth = 0): Documents {
  const collection = context.access.collection(context.database, name);
  return collection === undefined ? [] : documentsOf(context, collection, { filter: null, depth });
}

export interface DocumentsWanted {
  /** The documents that the caller keeps: a scan may leave the others out. Null for all. Not used for views. */
  readonly filter: CompiledFilter | null;
  /** Restricts the documents and orders them. Not used for views. */
  readonly hint?: Hint;
  readonly depth?: number;
}

/** The documents of a collection page by page, or the output of a view's pipeline. */
export function documentsOf(context: CommandContext, collection: Collection, wanted: DocumentsWanted): Documents {
  const view = viewOf(collection);
  if (view === null) return hintedDocuments(context, collection, wanted);
  const depth = (wanted.depth ?? 0) + 1;
  if (depth > viewDepthMax)
    throw new MongoFailure(
      'ViewDepthLimitExceeded',
      `View depth too deep or view cycle detected; maximum depth is ${viewDepthMax}`,
    );
  const pipeline = compilePipeline(view.pipeline, {
    variables: variablesOf(context),
    documents: (name) => documentsByName(context, name, depth),
  });
  return pipeline.run(documentsByName(context, view.on, depth));
}

/** The documents of a table in the order of the hint, without those that the hinted index lacks. */
function hintedDocuments(
  context: CommandContext,
  collection: Collection,
  { filter, hint }: DocumentsWanted,
): Documents {
  const documents = tableDocuments(context, collection, { filter, order: hint?.order.order ?? 'any' });
  const covers = hint?.covers ?? null;
  const covered = covers === null ? documents : coveredOnly(documents, covers);
  const sort = hint?.order.sort ?? null;
  return sort === null ? covered : sortedBy(sort)(covered);
}

function* coveredOnly(documents: Documents, covers: (document: Uint8Array) => boolean): Documents {
  for (const document of documents) if (document === null || covers(document)) yield document;
}

function* tableDocuments(
  { access }: CommandContext,
  collection: Collection,
  { filter, order }: { readonly filter: CompiledFilter | null; readonly order: ScanOrder },
): Documents {
  const wanted = filter ?? filterOf(undefined, { names: [], bindings: null });
  const reader = access.pages(collection, planScan(collection, wanted, { order }));
  for (let page = reader.next(pageLimit); page !== null; page = reader.next(pageLimit)) {
    for (const { document } of page) yield document;
    yield null;
  }
}

/** Rejects writes to a view, CommandNotSupportedOnView 166. */
export function refuseView({ access, database }: CommandContext, name: string): void {
  const collection = access.collection(database, name);
  if (collection === undefined || viewOf(collection) === null) return;
  throw new MongoFailure('CommandNotSupportedOnView', `Namespace ${database}.${name} is a view, not a collection`);
}
