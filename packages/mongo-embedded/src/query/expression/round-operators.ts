import { type Decimal, digitsMax } from '@emcachers/bson/decimal128';
import { doubleValue, nullValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { decimalFromDouble, decimalToDouble } from '../decimal.ts';
import { type Numeric, narrowInteger, numericOf, numericValue, toInteger } from '../numeric.ts';
import { typeNameOf } from '../type-names.ts';
import { type Argument, isNullish, type OperatorCompiler, withArguments } from './operator.ts';

/** To the nearest number, half to even (`$round`), or towards zero (`$trunc`). */
export type RoundingMode = 'nearest' | 'zero';

const placesMin = -20;
const placesMax = 100;

/** `$round` and `$trunc`, to a number of decimal places; the result has the type of the number. Source: manual, "$round". */
export function placedOperator(mode: RoundingMode): OperatorCompiler {
  return withArguments([1, 2], ([value, places], name) => {
    if (value === undefined || isNullish(value)) return nullValue;
    const number = numericOf(value);
    if (number === undefined)
      throw new MongoFailure(51081, `${name} only supports numeric types, not ${typeNameOf(value)}`);
    if (places !== undefined && isNullish(places)) return nullValue;
    return placed(number, placesOf(places, name), mode);
  });
}

function placesOf(value: Argument, name: string): number {
  if (value === undefined) return 0;
  const number = numericOf(value);
  const whole = number === undefined ? undefined : toInteger(number);
  if (whole === undefined) throw new MongoFailure(51082, `precision argument to  ${name} must be a integral value`);
  const places = Number(whole);
  if (places < placesMin || places > placesMax)
    throw new MongoFailure(51083, `cannot apply ${name} with precision value ${places} value must be in [-20, 100]`);
  return places;
}

function placed(number: Numeric, places: number, mode: RoundingMode): Argument {
  if (number.kind === 'decimal')
    return numericValue({ kind: 'decimal', value: placedDecimal(number.value, places, mode) });
  if (number.kind === 'double') return doubleValue(placedDouble(number.value, places, mode));
  if (places >= 0) return numericValue(number);
  const factor = 10n ** BigInt(-places);
  const rounded = narrowInteger(quotient(number.value, factor, mode) * factor, number.kind);
  if (rounded === undefined) throw new MongoFailure(51080, 'invalid conversion from Decimal128 result in rounding');
  return numericValue(rounded);
}

/** Through the exact value of the double in decimal, because multiplying it by a power of ten would change it. */
function placedDouble(value: number, places: number, mode: RoundingMode): number {
  if (!Number.isFinite(value)) return value;
  return decimalToDouble(placedDecimal(decimalFromDouble(value, digitsMax), places, mode));
}

function placedDecimal(value: Decimal, places: number, mode: RoundingMode): Decimal {
  if (value.kind !== 'finite') return value;
  const zeros = value.exponent + places;
  if (zeros >= 0) {
    const isExact = value.coefficient.toString().length + zeros <= digitsMax;
    return isExact ? { ...value, coefficient: value.coefficient * 10n ** BigInt(zeros), exponent: -places } : value;
  }
  const divisor = 10n ** BigInt(Math.min(-places - value.exponent, 7000));
  return { ...value, coefficient: quotient(value.coefficient, divisor, mode), exponent: -places };
}

function quotient(dividend: bigint, divisor: bigint, mode: RoundingMode): bigint {
  const whole = dividend / divisor;
  if (mode === 'zero') return whole;
  const rest = dividend % divisor;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const isUp = twice > divisor || (twice === divisor && whole % 2n !== 0n);
  if (!isUp) return whole;
  return dividend < 0n ? whole - 1n : whole + 1n;
}
