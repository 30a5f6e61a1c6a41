/**
 * Finds the values of all columns in one pass over the document.
 *
 * Arrays in paths: a numeric segment is an array index. Any other segment is looked up in each element that is a document,
 * and the column's value is the array of the values found, as in MongoDB's aggregation (`$items.sku`). If no element matches,
 * the value is an empty array, because the path exists. If a field name is repeated, the last one wins.
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import type { ValueAt } from './json-writer.ts';
import { childNamed, type PathNode } from './path-tree.ts';

/** One value in the document, or the values collected from the elements of an array. */
export type Located = ValueAt | Collected;

/** Values that a path found in an array's elements, in the array's order. */
export interface Collected {
  readonly values: readonly Located[];
}

/** Indexed by column. `types` is 0 if the path is missing, and `collectedType` if `collected` holds the values. */
export class LocatedValues {
  readonly types: Int32Array;
  readonly starts: Int32Array;
  readonly collected: (Located[] | null)[];

  constructor(columnCount: number) {
    this.types = new Int32Array(columnCount);
    this.starts = new Int32Array(columnCount);
    this.collected = new Array<Located[] | null>(columnCount).fill(null);
  }

  clear(): void {
    this.types.fill(0);
  }

  at(column: number): Located | null {
    const type = this.types[column] ?? 0;
    if (type === 0) return null;
    if (type === collectedType) return { values: this.collected[column] ?? [] };
    return { type, start: this.starts[column] ?? 0 };
  }
}

/** Not a BSON type number. */
export const collectedType = -1;

/** Fills `found` from the document at `start`. */
export function locate(bytes: Buffer, place: { node: PathNode; start: number }, found: LocatedValues): void {
  const walk = new ElementWalk(bytes, place.start);
  while (walk.next()) {
    const child = childNamed(place.node, bytes, walk);
    if (child !== null) locateValue(bytes, { node: child, type: walk.type, start: walk.start }, found);
  }
}

interface NodeValue extends ValueAt {
  readonly node: PathNode;
}

function locateValue(bytes: Buffer, value: NodeValue, found: LocatedValues): void {
  const { node, type, start } = value;
  for (const column of node.columns) {
    found.types[column] = type;
    found.starts[column] = start;
  }
  if (node.children.length === 0) return;
  // An earlier field of the same name may have left values: discard them.
  for (const column of node.columnsBelow) found.types[column] = 0;
  if (type === bsonTypes.object) locate(bytes, value, found);
  else if (type === bsonTypes.array) locateInArray(bytes, value, found);
}

function locateInArray(bytes: Buffer, array: NodeValue, found: LocatedValues): void {
  if (array.node.children.some(({ index }) => index >= 0)) locateByIndex(bytes, array, found);
  if (array.node.children.some(({ index }) => index < 0)) collectByName(bytes, array, found);
}

/** For numeric segments: the element at that index. */
function locateByIndex(bytes: Buffer, { node, start }: NodeValue, found: LocatedValues): void {
  const walk = new ElementWalk(bytes, start);
  for (let index = 0; walk.next(); index += 1) {
    for (const child of node.children)
      if (child.index === index) locateValue(bytes, { node: child, type: walk.type, start: walk.start }, found);
  }
}

/** For all other segments: the values found in the elements that are documents. */
function collectByName(bytes: Buffer, { node, start }: NodeValue, found: LocatedValues): void {
  const named: PathNode = { ...node, children: node.children.filter(({ index }) => index < 0) };
  const columns = named.children.flatMap((child) => [...child.columns, ...child.columnsBelow]);
  for (const column of columns) {
    found.types[column] = collectedType;
    found.collected[column] = [];
  }
  const walk = new ElementWalk(bytes, start);
  const inElement = new LocatedValues(found.types.length);
  while (walk.next()) {
    if (walk.type !== bsonTypes.object) continue;
    inElement.clear();
    locate(bytes, { node: named, start: walk.start }, inElement);
    collect(columns, inElement, found);
  }
}

function collect(columns: readonly number[], from: LocatedValues, into: LocatedValues): void {
  for (const column of columns) {
    const value = from.at(column);
    if (value !== null) into.collected[column]?.push(value);
  }
}
