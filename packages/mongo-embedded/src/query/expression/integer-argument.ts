import { MongoFailure } from '../../error/mongo-failure.ts';
import { integerIn } from '../numeric.ts';
import { typeNameOf } from '../type-names.ts';
import type { Argument } from './operator.ts';

/** An operator's argument that must be a whole number. Throws `code` for anything else, missing values included. */
export function integerArgument(value: Argument, name: string, code: number): number {
  const whole = value === undefined ? undefined : integerIn(value);
  if (whole === undefined)
    throw new MongoFailure(code, `${name}: expected a 32-bit integer, found: ${typeNameOf(value)}`);
  return Number(whole);
}
