import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { numberOf } from '../bson/element-value.ts';
import { findElement, forEachElement, type RawElement } from '../bson/raw-element.ts';
import type { ScanOrder } from '../cursor/scan-plan.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { CompiledFilter } from '../query/filter.ts';
import { compileSort } from '../query/sort.ts';
import type { Collection } from '../storage/catalog.ts';
import type { IndexTable } from '../storage/index-table.ts';
import { naturalOrder, type SortChoice } from './find-options.ts';

/** What a hint means for the result: the documents in the hinted index, in its order. */
export interface Hint {
  /** The order in which a command without a sort sees the documents. */
  readonly order: SortChoice;
  /** Whether the index has the document; null if it has all of them. */
  readonly covers: ((document: Uint8Array) => boolean) | null;
}

const noHint: Hint = along('any');

function along(order: ScanOrder): Hint {
  return { order: { order, sort: null }, covers: null };
}

/**
 * Reads `hint`. A read with a hint sees only what the index holds, so a sparse or partial index leaves documents out,
 * and without a sort it sees them in the order of the index. Throws BadValue 2, as mongod does, if there is no such
 * index, it is hidden, or its build is not complete. Source: manual, "cursor.hint()", "Sparse Indexes".
 */
export function readHint(body: CommandBody, collection: Collection | undefined): Hint {
  const hint = body.element('hint');
  if (hint === undefined) return noHint;
  if (hint.type !== bsonTypes.string && hint.type !== bsonTypes.object)
    throw new MongoFailure('FailedToParse', 'Hint must be a string or an object');
  const complete = completeHint(hint);
  if (complete !== null) return complete;
  if (collection === undefined) return noHint;
  const index = collection.indexes.find((candidate) => isHinted(candidate, hint));
  if (index?.state.isReady === true && !isHidden(index)) return hintOf(index);
  throw new MongoFailure(
    'BadValue',
    'error processing query: planner returned error: bad hint: hint provided does not correspond to an existing index',
  );
}

/** A hint that leaves no document out: none, `$natural` or the index of `_id`. Null for any other. */
function completeHint(hint: RawElement): Hint | null {
  if (isIdHint(hint)) return along('id');
  if (hint.type === bsonTypes.string) return null;
  const natural = findElement(hint.bytes, '$natural');
  if (natural !== undefined) return along(naturalOrder(natural));
  return hint.bytes.length === 5 ? noHint : null;
}

function hintOf(index: IndexTable): Hint {
  const sort = isOrdered(index) ? compileSort(index.keyPattern) : null;
  return {
    order: { order: 'any', sort },
    covers: index.coversAll ? null : (document) => index.covers(document),
  };
}

/** Whether each field of the key pattern is 1 or -1: an index of another kind has no order. */
function isOrdered({ keyPattern }: IndexTable): boolean {
  let result = true;
  forEachElement(keyPattern, (path, element) => {
    const direction = numberOf(element);
    result &&= (direction === 1 || direction === -1) && !path.startsWith('$');
    return undefined;
  });
  return result;
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

/** The requested sort, or the order of the hint if there is none. */
export function orderedBy(sort: SortChoice | null, hint: Hint): SortChoice {
  const isUnsorted = sort === null || (sort.order === 'any' && sort.sort === null);
  return isUnsorted ? hint.order : sort;
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
