import { bsonTypes } from '@emcachers/bson/bson-types';
import { dateValue, type RawValue, stringOf, timestampValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { formatValue } from '../../bson/format-value.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compareValues } from '../compare.ts';
import { arithmetic, narrowInteger, numericOf, numericValue } from '../numeric.ts';
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

function arithmeticModifier(name: '$inc' | '$mul', { path, operand }: ModifierUse): Modifier {
  const change = numericOf(operand);
  if (change === undefined) {
    const verb = name === '$inc' ? 'increment' : 'multiply';
    throw new MongoFailure('TypeMismatch', `Cannot ${verb} with non-numeric argument: {${path}: ${shown(operand)}}`);
  }
  return {
    createsPath: true,
    apply: (current, place) => {
      if (current === undefined) {
        return set(
          name === '$inc'
            ? operand
            : numericValue(arithmetic('multiply', change, { kind: 'int32', value: 0n }) ?? change),
        );
      }
      const number = numericOf(current);
      if (number === undefined) {
        const field = place.path.split('.').at(-1) ?? '';
        throw new MongoFailure(
          'TypeMismatch',
          `Cannot apply ${name} to a value of non-numeric type. ${place.documentLabel} has the field '${field}' of non-numeric type ${typeNameOf(current)}`,
        );
      }
      const result = arithmetic(name === '$inc' ? 'add' : 'multiply', number, change);
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
      const number = current === undefined ? ({ kind: 'int32', value: 0n } as const) : numericOf(current);
      if (number === undefined || (number.kind !== 'int32' && number.kind !== 'int64')) {
        throw new MongoFailure(
          'BadValue',
          `Cannot apply $bit to a value of non-integral type.${place.documentLabel} has the field ${place.path} of non-integer type ${typeNameOf(current)}`,
        );
      }
      const isLong = number.kind === 'int64' || steps.some((step) => step.isLong);
      const result = steps.reduce((value, step) => step.apply(value), number.value);
      const value = numericValue(narrowInteger(result, isLong ? 'int64' : 'int32') ?? { kind: 'int64', value: result });
      return setUnlessSame(current, value);
    },
  };
}

function bitStep(name: string, value: RawValue, path: string): { isLong: boolean; apply: (value: bigint) => bigint } {
  const number = numericOf(value);
  if (number === undefined || (number.kind !== 'int32' && number.kind !== 'int64')) {
    throw new MongoFailure(
      'BadValue',
      `The $bit modifier field must be an Integer(32/64 bit); a '${typeNameOf(value)}' is not supported here: {${path}: ${shown(value)}}`,
    );
  }
  const isLong = number.kind === 'int64';
  if (name === 'and') return { isLong, apply: (left) => left & number.value };
  if (name === 'or') return { isLong, apply: (left) => left | number.value };
  if (name === 'xor') return { isLong, apply: (left) => left ^ number.value };
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
  $inc: (use) => arithmeticModifier('$inc', use),
  $mul: (use) => arithmeticModifier('$mul', use),
  $min: (use) => extremeModifier(-1, use),
  $max: (use) => extremeModifier(1, use),
  $currentDate: currentDateModifier,
  $bit: bitModifier,
};
