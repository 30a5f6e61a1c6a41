import { asBuffer } from '@emcachers/bson/read-bytes';
import type { CommandBody } from '../bson/command-body.ts';
import { findElement } from '../bson/raw-element.ts';
import type { DocumentSource } from '../cursor/cursor-table.ts';
import { ListSource } from '../cursor/list-source.ts';
import { openCursor } from '../cursor/open-cursor.ts';
import { PageSource } from '../cursor/page-source.ts';
import { planScan, remainingFilter, type ScanOrder } from '../cursor/scan-plan.ts';
import { SortedSource } from '../cursor/sorted-source.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { CompiledFilter } from '../query/filter.ts';
import { type CompiledSort, compileSort } from '../query/sort.ts';
import type { Variables } from '../query/variables.ts';
import type { Collection } from '../storage/catalog.ts';
import { viewOf } from '../storage/collection-options.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import type { PageReader } from '../storage/document-access.ts';
import { documentsOf } from './collection-documents.ts';
import { checkCollectionUuid } from './collection-uuid.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import type { ExplainedRead } from './explain-plan.ts';
import { checkCommandCollation, filterOf, minMaxBounds, sortOf, variablesOf } from './find-options.ts';
import { checkMinMax, orderedBy, readHint, restricted } from './hint.ts';
import { collectionName } from './namespace.ts';
import { isOplog, openOplogCursor } from './oplog-cursor.ts';
import { projector } from './projector.ts';

function checkTailable(body: CommandBody): void {
  if (body.boolean('tailable') === true) {
    throw new MongoFailure('BadValue', 'error processing query: tailable cursor requested on non capped collection');
  }
  if (body.boolean('awaitData') === true)
    throw new MongoFailure('FailedToParse', 'Cannot set awaitData without tailable');
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database, server } = context;
  const name = collectionName(body, database);
  checkCommandCollation(body);
  if (isOplog(database, name)) return openOplogCursor(context);
  checkTailable(body);
  checkCollectionUuid(context, name);
  server.counters.operations.query += 1;
  return openCursor(context, {
    namespace: `${database}.${name}`,
    source: findSource(context, context.access.collection(database, name)),
    batchSize: body.count('batchSize'),
    isSingleBatch: body.boolean('singleBatch') === true,
    hasNoTimeout: body.boolean('noCursorTimeout') === true,
  });
}

/** The source of `find`: ordered and projected. */
export function findSource(context: CommandContext, collection: Collection | undefined): DocumentSource {
  const { body } = context;
  const variables = variablesOf(context);
  const { filter, choice } = findRead(context, collection, variables);
  const { order, sort } = choice;
  const project = projector(body.document('projection'), filter, variables);
  const bounds = minMaxBounds(body, filter.idBounds);
  const skip = body.count('skip') ?? 0;
  const limit = limitOf(body);
  if (collection === undefined) return new ListSource([]);
  const scan = { filter, order, bounds };
  const viewSort = viewOf(collection) === null ? sort : sortInFull(body.document('sort'));
  if (viewSort === null) return scanSource(context, collection, { ...scan, skip, limit, project });
  const source = scanSource(context, collection, { ...scan, skip: 0, limit: null, project: null });
  return new SortedSource({ source, sort: viewSort, skip, limit, project });
}

/** What `find` reads, and in which order. */
export function findRead(
  context: CommandContext,
  collection: Collection | undefined,
  variables: Variables = variablesOf(context),
): ExplainedRead {
  const { body } = context;
  const hint = readHint(context, body, collection);
  // What does not exist has no index, and is read without a plan.
  if (collection !== undefined) checkMinMax(body, hint);
  const filter = restricted(filterOf(body.document('filter'), variables), hint);
  return { filter, choice: orderedBy(sortOf(body.document('sort')), hint) };
}

/** A view has no inherent order, not even by `_id`. */
function sortInFull(document: Uint8Array | undefined): CompiledSort | null {
  const isUnsorted = document === undefined || document.length === 5 || findElement(document, '$natural') !== undefined;
  return isUnsorted ? null : compileSort(document);
}

interface Scan {
  readonly filter: CompiledFilter;
  readonly order: ScanOrder;
  readonly bounds: CompiledFilter['idBounds'];
  readonly skip: number;
  readonly limit: number | null;
  readonly project: ((document: Uint8Array) => Uint8Array) | null;
}

/** A clustered collection stores documents in `_id` order, so that is also its natural order. */
function orderWithin({ options }: Collection, order: ScanOrder): ScanOrder {
  if (typeof order !== 'string') return order;
  if (findElement(options, 'clusteredIndex') === undefined) return order;
  if (order === 'natural-descending') return 'id-descending';
  return order === 'id-descending' ? order : 'id';
}

/** A view's documents as pages, in pipeline order; they have no row in a table. */
function readViewPages(context: CommandContext, view: Collection): PageReader {
  const documents = documentsOf(context, view, { filter: null })[Symbol.iterator]();
  return { next: ({ rows }) => nextPage(documents, rows) };
}

function nextPage(documents: Iterator<Uint8Array | null>, rows: number): StoredDocument[] | null {
  const page: StoredDocument[] = [];
  while (page.length < rows) {
    const { done, value } = documents.next();
    if (done === true) return page.length === 0 ? null : page;
    // An empty page lets other clients take their turn.
    if (value === null) break;
    page.push({ row: 0, key: noKey, document: asBuffer(value) });
  }
  return page;
}

/** The documents of one collection or view, by the cheapest plan. */
export function scanSource(context: CommandContext, collection: Collection, scan: Scan): DocumentSource {
  const { access } = context;
  const { filter, order, bounds, skip, limit, project } = scan;
  const rest = { project, skip, limit };
  if (viewOf(collection) !== null)
    return new PageSource({ ...rest, reader: readViewPages(context, collection), filter });
  const plan = planScan(collection, filter, { order: orderWithin(collection, order), bounds });
  return new PageSource({
    reader: access.pages(collection, plan),
    filter: bounds === filter.idBounds ? remainingFilter(filter, plan) : filter,
    ...rest,
  });
}

function limitOf(body: CommandBody): number | null {
  const limit = body.count('limit') ?? 0;
  return limit === 0 ? null : limit;
}

const noKey = Buffer.alloc(0);

/** `find`. */
export const findCommand: Command = { names: ['find'], isTransactional: true, run };
