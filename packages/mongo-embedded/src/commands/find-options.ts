import { rawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import type { CommandBody } from '../bson/command-body.ts';
import { numberOf } from '../bson/element-value.ts';
import { findElement, type RawElement } from '../bson/raw-element.ts';
import { objectIn } from '../bson/typed-element.ts';
import type { ScanOrder } from '../cursor/scan-plan.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { type CompiledFilter, compileFilter } from '../query/filter.ts';
import { everyKey, type IdBounds, isWithin, type KeyBounds } from '../query/id-bounds.ts';
import { orderKey } from '../query/order-key.ts';
import { type CompiledSort, compileSort } from '../query/sort.ts';
import { commandVariables, type Variables } from '../query/variables.ts';
import { checkCollation } from './collation.ts';
import type { CommandContext } from './command.ts';

const emptyDocument = Buffer.from([5, 0, 0, 0, 0]);

/** The variables of a command: its `let`, and one time for the whole command. */
export function variablesOf({ body, server }: CommandContext, more?: Uint8Array): Variables {
  const own = body.document('let');
  const letDocument =
    own === undefined || more === undefined ? (more ?? own) : new BsonWriter().elements(own).elements(more).finish();
  return commandVariables({
    letDocument,
    nowMs: server.clock.nowMs(),
    clusterTime: server.store.clusterClock.current,
  });
}

/** The filter of `find` and similar commands; a missing filter matches everything. */
export function filterOf(document: Uint8Array | undefined, variables: Variables): CompiledFilter {
  return compileFilter(document ?? emptyDocument, variables);
}

/** Rejects any collation but the simple one. */
export function checkCommandCollation(body: CommandBody): void {
  const collation = body.element('collation');
  if (collation === undefined) return;
  const isEmpty = objectIn(collation, `${body.name}.collation`).length === 5;
  if (!isEmpty) checkCollation(collation, `${body.name}.collation`);
}

/** The requested order of documents. */
export interface SortChoice {
  readonly order: ScanOrder;
  /** The sort to apply after the scan; null if the scan already yields this order. */
  readonly sort: CompiledSort | null;
  /** The requested sort, whether the scan yields it or not; null without one. */
  readonly requested: CompiledSort | null;
}

/** The order of the scan alone. */
export function unsorted(order: ScanOrder): SortChoice {
  return { order, sort: null, requested: null };
}

/** Reads `sort`, including `$natural` and the orders that a scan yields. */
export function sortOf(document: Uint8Array | undefined): SortChoice {
  if (document === undefined || document.length === 5) return unsorted('any');
  const natural = findElement(document, '$natural');
  if (natural !== undefined) return unsorted(naturalOrder(natural));
  const sort = compileSort(document);
  if (sort.idDirection !== null)
    return { order: sort.idDirection === -1 ? 'id-descending' : 'id', sort: null, requested: sort };
  return { order: 'any', sort, requested: sort };
}

/** The direction of `$natural`; BadValue 2 for anything but 1 and -1. */
export function naturalOrder(natural: RawElement): ScanOrder {
  const direction = numberOf(natural);
  if (direction === 1) return 'natural';
  if (direction === -1) return 'natural-descending';
  throw new MongoFailure('BadValue', '$natural cannot be set to a value other than -1 or 1.');
}

/** `min` and `max` over the `_id` index, the only one that reads use. */
export function minMaxBounds(body: CommandBody, bounds: IdBounds | null): IdBounds | null {
  const lower = idKey(body, 'min');
  const upper = idKey(body, 'max');
  if (lower === null && upper === null) return bounds;
  const range: KeyBounds = { ...everyKey, lower, isLowerInclusive: true, upper, isUpperInclusive: false };
  if (bounds === null) return { points: null, range, isExact: false };
  if (bounds.points !== null)
    return { ...bounds, points: bounds.points.filter((key) => isWithin(range, key)), isExact: false };
  return { points: null, range: narrower(bounds.range, range), isExact: false };
}

function idKey(body: CommandBody, name: 'min' | 'max'): Buffer | null {
  const document = body.document(name);
  if (document === undefined || document.length === 5) return null;
  const id = findElement(document, '_id');
  if (id === undefined)
    throw new MongoFailure('CommandNotSupported', `${name} is supported by this server over the index of _id only`);
  return orderKey(rawValue(id.type, id.bytes));
}

function narrower(a: KeyBounds, b: KeyBounds): KeyBounds {
  const isLowerOfB = b.lower !== null && (a.lower === null || Buffer.compare(b.lower, a.lower) > 0);
  const isUpperOfB = b.upper !== null && (a.upper === null || Buffer.compare(b.upper, a.upper) <= 0);
  return {
    lower: isLowerOfB ? b.lower : a.lower,
    isLowerInclusive: isLowerOfB ? b.isLowerInclusive : a.isLowerInclusive,
    upper: isUpperOfB ? b.upper : a.upper,
    isUpperInclusive: isUpperOfB ? b.isUpperInclusive : a.isUpperInclusive,
  };
}
