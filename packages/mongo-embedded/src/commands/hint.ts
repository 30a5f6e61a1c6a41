import { isDeepStrictEqual } from 'node:util';
import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { numberOf } from '../bson/element-value.ts';
import { findElement, forEachElement, type RawElement } from '../bson/raw-element.ts';
import type { ScanOrder } from '../cursor/scan-plan.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { CompiledFilter } from '../query/filter.ts';
import { type CompiledSort, compileSort } from '../query/sort.ts';
import type { Collection } from '../storage/catalog.ts';
import type { IndexTable } from '../storage/index-table.ts';
import type { CommandContext } from './command.ts';
import { naturalOrder, type SortChoice, unsorted } from './find-options.ts';

/** What a hint means for the result: the documents in the hinted index, in its order. */
export interface Hint {
  /** The order in which a command without a sort sees the documents. */
  readonly order: SortChoice;
  /** The hinted index if what is read comes in its order or backwards; else null. */
  readonly index: IndexTable | null;
  /** Whether the index has the document; null if it has all of them. */
  readonly covers: ((document: Uint8Array) => boolean) | null;
  /** The paths of the hinted index, in its order; null if no index is hinted. */
  readonly paths: readonly string[] | null;
}

const noHint: Hint = along('any', null);

function along(order: ScanOrder, paths: Hint['paths']): Hint {
  return { order: unsorted(order), index: null, covers: null, paths };
}

/**
 * Reads `hint`. A read with a hint sees only what the index holds, so a sparse or partial index leaves documents out,
 * and without a sort it sees them in the order of the index. Throws BadValue 2, as mongod does, if there is no such
 * index, it is hidden, or its build is not complete. Source: manual, "cursor.hint()", "Sparse Indexes".
 */
export function readHint(
  { access }: Pick<CommandContext, 'access'>,
  body: CommandBody,
  collection: Collection | undefined,
): Hint {
  const hint = body.element('hint');
  if (hint === undefined) return noHint;
  if (hint.type !== bsonTypes.string && hint.type !== bsonTypes.object)
    throw new MongoFailure('FailedToParse', 'Hint must be a string or an object');
  const complete = completeHint(hint);
  if (complete !== null) return complete;
  if (collection === undefined) return noHint;
  const index = collection.indexes.find((candidate) => isHinted(candidate, hint));
  if (index?.state.isReady === true && !isHidden(index)) return hintOf(index, access.keepsIndexOrder);
  throw new MongoFailure(
    'BadValue',
    'error processing query: planner returned error: bad hint: hint provided does not correspond to an existing index',
  );
}

/** A hint that leaves no document out: none, `$natural` or the index of `_id`. Null for any other. */
function completeHint(hint: RawElement): Hint | null {
  if (isIdHint(hint)) return along('id', ['_id']);
  if (hint.type === bsonTypes.string) return null;
  const natural = findElement(hint.bytes, '$natural');
  if (natural !== undefined) return along(naturalOrder(natural), null);
  return hint.bytes.length === 5 ? noHint : null;
}

/** `keepsOrder`: what is read along an index comes in its order. */
function hintOf(index: IndexTable, keepsOrder: boolean): Hint {
  const covers = index.coversAll ? null : (document: Uint8Array) => index.covers(document);
  const paths = pathsOf(index.keyPattern);
  if (!index.isUsable) return { order: unsorted('any'), index: null, covers, paths };
  const directions = directionsOf(index);
  const isOneWay = directions !== null && new Set(directions).size === 1;
  const order = { index, isDescending: isOneWay && directions[0] === -1 };
  if (isOneWay && keepsOrder) return { order: unsorted(order), index, covers, paths };
  const sort = directions === null ? null : compileSort(index.keyPattern);
  return { order: { order, sort, requested: null }, index: null, covers, paths };
}

/**
 * Throws, as mongod does, if `min` or `max` does not name the paths of the hinted index in their order. Source:
 * mongodb/mongo query_planner.cpp, `indexCompatibleMaxMin`.
 */
export function checkMinMax(body: CommandBody, { paths }: Hint): void {
  for (const document of [body.document('min'), body.document('max')]) {
    if (document === undefined || document.length === 5) continue;
    if (paths === null)
      throw new MongoFailure(51173, 'When using min()/max() a hint of which index to use must be provided');
    if (!isDeepStrictEqual(pathsOf(document), paths))
      throw new MongoFailure(51174, 'The index chosen is not compatible with min/max');
  }
}

function pathsOf(document: Uint8Array): string[] {
  const paths: string[] = [];
  forEachElement(document, (name) => {
    paths.push(name);
    return undefined;
  });
  return paths;
}

/** The direction of each path; null for an index of another kind, which has no order. */
function directionsOf({ keyPattern }: IndexTable): number[] | null {
  const directions: number[] = [];
  forEachElement(keyPattern, (_, element) => {
    directions.push(numberOf(element) ?? 0);
    return undefined;
  });
  return directions.every((direction) => direction === 1 || direction === -1) ? directions : null;
}

function isHidden({ specification }: IndexTable): boolean {
  return findElement(specification, 'hidden')?.bytes[0] === 1;
}

/** The filter, restricted to the documents of the hinted index. */
export function restricted(filter: CompiledFilter, { covers }: Hint): CompiledFilter {
  if (covers === null) return filter;
  return {
    ...filter,
    matches: (document) => covers(document) && filter.matches(document),
    trace: (document) => (covers(document) ? filter.trace(document) : null),
    idBounds: filter.idBounds === null ? null : { ...filter.idBounds, isExact: false },
    isBounded: false,
    matchesAll: false,
  };
}

/** The requested sort along the hinted index, or the order of the hint if there is none. */
export function orderedBy(sort: SortChoice | null, hint: Hint): SortChoice {
  const isUnsorted = sort === null || (sort.order === 'any' && sort.sort === null);
  if (isUnsorted) return hint.order;
  const { requested } = sort;
  if (requested === null || typeof hint.order.order === 'string') return sort;
  const isDescending = hint.index === null ? null : directionFor(hint.index, requested);
  if (isDescending === null) return { order: hint.order.order, sort: requested, requested };
  return { order: { index: hint.order.order.index, isDescending }, sort: null, requested };
}

/**
 * Whether the index gives the order of the sort backwards or, false, forwards; null if it does not. A document with several keys
 * is found by any of them, and the sort means the least or the greatest.
 */
function directionFor({ paths, state }: IndexTable, { parts }: CompiledSort): boolean | null {
  const isLeading = parts.every(({ path }, position) => paths[position]?.path === path);
  const [first] = parts;
  const isOneWay = parts.every(({ isDescending }) => isDescending === first?.isDescending);
  return first === undefined || !isLeading || !isOneWay || state.isMultikey ? null : first.isDescending;
}

function isIdHint({ type, bytes }: RawElement): boolean {
  if (type === bsonTypes.string) return bytes.toString('utf8', 4, bytes.length - 1) === '_id_';
  const id = findElement(bytes, '_id');
  return id !== undefined && numberOf(id) === 1 && bytes.length === id.bytes.length + 10;
}

function isHinted(index: { name: string; keyPattern: Buffer }, { type, bytes }: RawElement): boolean {
  if (type === bsonTypes.string) return bytes.toString('utf8', 4, bytes.length - 1) === index.name;
  return patternOf(index.keyPattern) === patternOf(bytes);
}

function patternOf(document: Uint8Array): string {
  const parts: string[] = [];
  forEachElement(document, (name, element) => {
    parts.push(`${name}:${numberOf(element) ?? element.bytes.toString('latin1')}`);
    return undefined;
  });
  return parts.join();
}
