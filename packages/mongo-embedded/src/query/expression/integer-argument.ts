import { MongoFailure } from '../../error/mongo-failure.ts';
import { numericOf, toInteger } from '../numeric.ts';
import { typeNameOf } from '../type-names.ts';
import type { Argument } from './operator.ts';

/** An operator's argument that must be a whole number. Throws `code` for anything else, missing values included. */
export function integerArgument(value: Argument, name: string, code: number): number {
  const number = value === undefined ? undefined : numericOf(value);
  const whole = number === undefined ? undefined : toInteger(number);
  if (whole === undefined)
    throw new MongoFailure(code, `${name}: expected a 32-bit integer, found: ${typeNameOf(value)}`);
  return Number(whole);
}
