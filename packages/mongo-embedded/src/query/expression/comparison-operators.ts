import { bsonTypes } from '@emcachers/bson/bson-types';
import { booleanValue, int32Value, type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { compareOptional } from '../compare.ts';
import { type Argument, type OperatorTable, withArguments } from './operator.ts';

/** In an expression, missing compares below null, as undefined does. */
const missing = rawValue(bsonTypes.undefined, new Uint8Array(0));

/** Compares across all types. */
export function compareArguments(left: Argument, right: Argument): number {
  return compareOptional(left, right, missing);
}

function comparison(decide: (order: number) => boolean): OperatorTable[string] {
  return withArguments(2, ([left, right]): RawValue => booleanValue(decide(compareArguments(left, right))));
}

/** Comparisons between values of any type, in MongoDB's order. Source: the manual's page "Comparison Expression Operators". */
export const comparisonOperators: OperatorTable = {
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: withArguments(2, ([left, right]) => int32Value(Math.sign(compareArguments(left, right)))),
};
