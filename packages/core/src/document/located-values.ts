/**
 * Where the values of all columns lie in one document, found in one walk.
 *
 * Arrays in paths: a segment of digits is an index into an array; any other segment asks each element that is a document,
 * and the column's value is then the array of what was found, as in MongoDB's aggregation (`$items.sku`). An array without
 * a match gives an empty array: the path exists and holds nothing. Of several fields with one name the last counts.
 */
import type { ValueAt } from './json-writer.ts';
import { childNamed, type PathNode } from './path-tree.ts';
import { bsonType, ElementWalk } from './raw-bson.ts';

/** One value in the document, or the values that were collected from an array's elements. */
export type Located = ValueAt | Collected;
export interface Collected {
  readonly values: readonly Located[];
}

/** By column; `types` is 0 where the path leads nowhere and `collectedType` where `collected` has the values. */
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

/** No BSON type has this number. */
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
  // A field of the same name may have come before: nothing of it may stay.
  for (const column of node.columnsBelow) found.types[column] = 0;
  if (type === bsonType.document) locate(bytes, value, found);
  else if (type === bsonType.array) locateInArray(bytes, value, found);
}

function locateInArray(bytes: Buffer, { node, start }: NodeValue, found: LocatedValues): void {
  const named: PathNode = { ...node, children: node.children.filter(({ index }) => index < 0) };
  const columns = named.children.flatMap((child) => [...child.columns, ...child.columnsBelow]);
  for (const column of columns) {
    found.types[column] = collectedType;
    found.collected[column] = [];
  }
  const walk = new ElementWalk(bytes, start);
  const inElement = new LocatedValues(found.types.length);
  for (let index = 0; walk.next(); index += 1) {
    for (const child of node.children)
      if (child.index === index) locateValue(bytes, { node: child, type: walk.type, start: walk.start }, found);
    if (columns.length === 0 || walk.type !== bsonType.document) continue;
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
