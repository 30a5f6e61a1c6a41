import { bsonTypes } from '@emcachers/bson/bson-types';
import { dateValue, type RawValue, stringOf, timestampValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { formatValue } from '../../bson/format-value.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compareValues } from '../compare.ts';
import { nameTable } from '../name-table.ts';
import {
  type ArithmeticName,
  arithmetic,
  type IntegerNumeric,
  isInteger,
  type Numeric,
  numericOf,
  numericValue,
  widerKind,
} from '../numeric.ts';
import { entriesOf } from '../raw-document.ts';
import { typeNameOf } from '../type-names.ts';
import { isSameValue } from './document-diff.ts';
import { keep, type Modifier, type ModifierUse, type Outcome, set } from './modifier.ts';

/** A value as error messages show it. */
export function shown(value: RawValue): string {
  return formatValue({ type: value.type, bytes: asBuffer(value.span()) });
}

function setUnlessSame(current: RawValue | undefined, value: RawValue): Outcome {
  return current !== undefined && isSameValue(current, value) ? keep : set(value);
}

function setModifier({ operand }: ModifierUse): Modifier {
  return { createsPath: true, apply: (current) => setUnlessSame(current, operand) };
}

const nothing: Modifier = { createsPath: false, apply: () => keep };

function unsetModifier(): Modifier {
  return { createsPath: false, apply: (current) => (current === undefined ? keep : { kind: 'remove' }) };
}

const zero: Numeric = { kind: 'int32', value: 0n };

/** `$inc` or `$mul`. */
interface ArithmeticOperator {
  readonly name: string;
  readonly verb: string;
  readonly operation: ArithmeticName;
  /** The value of a field that is missing. */
  readonly initial: (operand: RawValue, change: Numeric) => RawValue;
}

const increment: ArithmeticOperator = {
  name: '$inc',
  verb: 'increment',
  operation: 'add',
  initial: (operand) => operand,
};

const multiply: ArithmeticOperator = {
  name: '$mul',
  verb: 'multiply',
  operation: 'multiply',
  initial: (_operand, change) => numericValue(arithmetic('multiply', change, zero) ?? change),
};

function arithmeticModifier(
  { name, verb, operation, initial }: ArithmeticOperator,
  { path, operand }: ModifierUse,
): Modifier {
  const change = numericOf(operand);
  if (change === undefined)
    throw new MongoFailure('TypeMismatch', `Cannot ${verb} with non-numeric argument: {${path}: ${shown(operand)}}`);
  return {
    createsPath: true,
    apply: (current, place) => {
      if (current === undefined) return set(initial(operand, change));
      const number = numericOf(current);
      if (number === undefined) {
        const field = place.path.split('.').at(-1) ?? '';
        throw new MongoFailure(
          'TypeMismatch',
          `Cannot apply ${name} to a value of non-numeric type. ${place.documentLabel} has the field '${field}' of non-numeric type ${typeNameOf(current)}`,
        );
      }
      const result = arithmetic(operation, number, change);
      if (result === undefined) {
        throw new MongoFailure(
          'BadValue',
          `Failed to apply ${name} operations to current value (${shown(current)}) for document ${place.documentLabel}`,
        );
      }
      return setUnlessSame(current, numericValue(result));
    },
  };
}

function extremeModifier(wanted: 1 | -1, { operand }: ModifierUse): Modifier {
  return {
    createsPath: true,
    apply: (current) =>
      current === undefined || Math.sign(compareValues(operand, current)) === wanted ? set(operand) : keep,
  };
}

function currentDateModifier(use: ModifierUse): Modifier {
  const value = isTimestampWanted(use)
    ? timestampValue(use.clusterTime.seconds, use.clusterTime.increment)
    : dateValue(BigInt(Math.trunc(use.nowMs)));
  return { createsPath: true, apply: () => set(value) };
}

function isTimestampWanted({ operand }: ModifierUse): boolean {
  if (operand.type === bsonTypes.boolean) return false;
  if (operand.type !== bsonTypes.object) {
    throw new MongoFailure(
      'BadValue',
      `${typeNameOf(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
    );
  }
  const [entry] = entriesOf(operand);
  if (entry?.[0] !== '$type')
    throw new MongoFailure('BadValue', `Unrecognized $currentDate option: ${entry?.[0] ?? ''}`);
  const type = entry[1].type === bsonTypes.string ? stringOf(entry[1]) : '';
  if (type !== 'date' && type !== 'timestamp') {
    throw new MongoFailure(
      'BadValue',
      "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
    );
  }
  return type === 'timestamp';
}

function bitModifier({ path, operand }: ModifierUse): Modifier {
  if (operand.type !== bsonTypes.object) {
    throw new MongoFailure(
      'BadValue',
      `The $bit modifier is not compatible with a ${typeNameOf(operand)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    );
  }
  const operations = entriesOf(operand);
  if (operations.length === 0) {
    throw new MongoFailure(
      'BadValue',
      `You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}`,
    );
  }
  const steps = operations.map(([name, value]) => bitStep(name, value, path));
  return {
    createsPath: true,
    apply: (current, place) => {
      const number = current === undefined ? zero : numericOf(current);
      if (number === undefined || !isInteger(number)) {
        throw new MongoFailure(
          'BadValue',
          `Cannot apply $bit to a value of non-integral type.${place.documentLabel} has the field ${place.path} of non-integer type ${typeNameOf(current)}`,
        );
      }
      return setUnlessSame(current, numericValue(steps.reduce((value, step) => step(value), number)));
    },
  };
}

type BitStep = (value: IntegerNumeric) => IntegerNumeric;

const bitOperations: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = nameTable({
  and: (left, right) => left & right,
  or: (left, right) => left | right,
  xor: (left, right) => left ^ right,
});

function bitStep(name: string, value: RawValue, path: string): BitStep {
  const number = numericOf(value);
  if (number === undefined || !isInteger(number)) {
    throw new MongoFailure(
      'BadValue',
      `The $bit modifier field must be an Integer(32/64 bit); a '${typeNameOf(value)}' is not supported here: {${path}: ${shown(value)}}`,
    );
  }
  const operation = bitOperations[name];
  if (operation !== undefined)
    return (left) => ({ kind: widerKind(left, number), value: operation(left.value, number.value) });
  throw new MongoFailure(
    'BadValue',
    `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: {${name}: ${shown(value)}}`,
  );
}

/** Operators on single values. Source: the manual's page "Field Update Operators"; codes and messages from `src/mongo/db/update/` of mongodb/mongo. */
export const fieldModifiers: Readonly<Record<string, (use: ModifierUse) => Modifier>> = {
  $set: setModifier,
  $setOnInsert: (use) => (use.isInsert ? setModifier(use) : nothing),
  $unset: unsetModifier,
  $inc: (use) => arithmeticModifier(increment, use),
  $mul: (use) => arithmeticModifier(multiply, use),
  $min: (use) => extremeModifier(-1, use),
  $max: (use) => extremeModifier(1, use),
  $currentDate: currentDateModifier,
  $bit: bitModifier,
};
