import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { type ComparisonName, crossTypeBounds, type IdBounds, intersect, isComparison } from './id-bounds.ts';
import { entriesOf, itemsOf } from './raw-document.ts';
import type { Variables } from './variables.ts';

/** The equivalent comparison with its operands swapped. */
const mirrored: Readonly<Record<ComparisonName, ComparisonName>> = {
  $eq: '$eq',
  $gt: '$lt',
  $gte: '$lte',
  $lt: '$gt',
  $lte: '$gte',
};

/** Bounds from `{ $gt: ['$_id', constant] }` and similar comparisons in either order, and from `$and` of them. */
export function exprBounds(operand: RawValue, variables: Variables): IdBounds | null {
  if (operand.type !== bsonTypes.object) return null;
  const [entry, ...more] = entriesOf(operand);
  if (entry === undefined || more.length > 0 || entry[1].type !== bsonTypes.array) return null;
  const items = itemsOf(entry[1]);
  if (entry[0] === '$and') return joinedBounds(items.map((item) => exprBounds(item, variables)));
  const [left, right] = items;
  if (!isComparison(entry[0]) || left === undefined || right === undefined || items.length !== 2) return null;
  if (isIdPath(left)) return constantBounds(entry[0], right, variables);
  return isIdPath(right) ? constantBounds(mirrored[entry[0]], left, variables) : null;
}

function joinedBounds(list: readonly (IdBounds | null)[]): IdBounds | null {
  const known = list.filter((bounds) => bounds !== null);
  if (known.length === 0) return null;
  return {
    ...known.reduce(intersect),
    isExact: known.length === list.length && known.every((bounds) => bounds.isExact),
  };
}

function isIdPath(value: RawValue): boolean {
  return value.type === bsonTypes.string && stringOf(value) === '$_id';
}

function constantBounds(name: ComparisonName, spec: RawValue, variables: Variables): IdBounds | null {
  switch (spec.type) {
    case bsonTypes.string:
      return textBounds(name, spec, variables);
    case bsonTypes.object:
      return literalBounds(name, spec);
    case bsonTypes.array:
      return null;
    default:
      return crossTypeBounds(name, spec);
  }
}

/** A variable, or a string that is not the path of a field. */
function textBounds(name: ComparisonName, spec: RawValue, variables: Variables): IdBounds | null {
  const text = stringOf(spec);
  if (text.startsWith('$$')) return variableBounds(name, spec, variables);
  return text.startsWith('$') ? null : crossTypeBounds(name, spec);
}

function literalBounds(name: ComparisonName, spec: RawValue): IdBounds | null {
  const [entry] = entriesOf(spec);
  return entry?.[0] === '$literal' || entry?.[0] === '$const' ? crossTypeBounds(name, entry[1]) : null;
}

function variableBounds(name: ComparisonName, spec: RawValue, variables: Variables): IdBounds | null {
  for (let binding = variables.bindings; binding !== null; binding = binding.outer) {
    if (`$$${binding.name}` === stringOf(spec))
      return binding.value === undefined ? null : crossTypeBounds(name, binding.value);
  }
  return null;
}
