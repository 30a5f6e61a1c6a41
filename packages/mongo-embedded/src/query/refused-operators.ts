/**
 * Operators of MongoDB 8.2 that are not implemented here. Listing them lets the error distinguish "not supported" from
 * "unknown operator". Source: the manual's pages "Expression Operators" and "Accumulators ($group)".
 */
import { MongoFailure } from '../error/mongo-failure.ts';

/** Operators of expressions that are refused; the README lists them. */
export const refusedExpressions: ReadonlySet<string> = new Set([
  '$acos',
  '$acosh',
  '$asin',
  '$asinh',
  '$atan',
  '$atan2',
  '$atanh',
  '$bitAnd',
  '$bitNot',
  '$bitOr',
  '$bitXor',
  '$cos',
  '$cosh',
  '$createObjectId',
  '$dateFromParts',
  '$degreesToRadians',
  '$function',
  '$median',
  '$meta',
  '$percentile',
  '$radiansToDegrees',
  '$sigmoid',
  '$similarityCosine',
  '$similarityDotProduct',
  '$similarityEuclidean',
  '$sin',
  '$sinh',
  '$tan',
  '$tanh',
  '$toArray',
  '$toHashedIndexKey',
  '$toObject',
  '$toUUID',
]);

/** Accumulators of `$group` that are refused; the README lists them. */
export const refusedAccumulators: ReadonlySet<string> = new Set([
  '$accumulator',
  '$bottom',
  '$bottomN',
  '$concatArrays',
  '$firstN',
  '$lastN',
  '$maxN',
  '$median',
  '$minN',
  '$percentile',
  '$setUnion',
  '$top',
  '$topN',
]);

/** The error for an operator that MongoDB has and this server does not. */
export function refusedOperator(name: string): MongoFailure {
  return new MongoFailure('CommandNotSupported', `${name} is not supported by this server`);
}
