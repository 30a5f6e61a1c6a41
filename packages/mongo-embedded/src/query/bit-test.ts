import { bsonTypes } from '@emcachers/bson/bson-types';
import type { RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import { numericOf, toInteger } from './numeric.ts';
import { itemsOf } from './raw-document.ts';

type BitOperator = '$bitsAllSet' | '$bitsAnySet' | '$bitsAllClear' | '$bitsAnyClear';

/** `$bitsAllSet` and its like on integers (two's complement, sign extended) and binary. Source: the manual's page "Bitwise Query Operators". */
export function bitTest(name: BitOperator, operand: RawValue): (value: RawValue | undefined) => boolean {
  const positions = bitPositions(name, operand);
  return (value) => {
    const bitAt = value === undefined ? undefined : bitReader(value);
    if (bitAt === undefined) return false;
    switch (name) {
      case '$bitsAllSet':
        return positions.every(bitAt);
      case '$bitsAnySet':
        return positions.some(bitAt);
      case '$bitsAllClear':
        return !positions.some(bitAt);
      case '$bitsAnyClear':
        return !positions.every(bitAt);
    }
  };
}

function bitReader(value: RawValue): ((position: number) => boolean) | undefined {
  if (value.type === bsonTypes.binary) {
    return (position) => {
      const at = value.start + 5 + (position >> 3);
      return at < value.end && (((value.bytes[at] as number) >> (position & 7)) & 1) === 1;
    };
  }
  const number = numericOf(value);
  const integer = number === undefined ? undefined : toInteger(number);
  if (integer === undefined) return undefined;
  return (position) => ((integer >> BigInt(position)) & 1n) === 1n;
}

function bitPositions(name: BitOperator, operand: RawValue): number[] {
  if (operand.type === bsonTypes.array) return itemsOf(operand).map((item) => positionOf(name, item));
  const bitAt = bitReader(operand);
  if (bitAt === undefined) {
    throw new MongoFailure(
      'BadValue',
      `${name} takes an Array, a number, or a BinData but received: an unsupported type`,
    );
  }
  if (operand.type !== bsonTypes.binary && bitAt(63))
    throw new MongoFailure('BadValue', `${name} cannot take a negative number`);
  const width = operand.type === bsonTypes.binary ? (operand.end - operand.start - 5) * 8 : 63;
  return Array.from({ length: width }, (_, position) => position).filter(bitAt);
}

function positionOf(name: BitOperator, item: RawValue): number {
  const number = numericOf(item);
  const position = number === undefined ? undefined : toInteger(number);
  if (position === undefined) throw new MongoFailure('BadValue', `bit positions must be an integer but got: ${name}`);
  if (position < 0n) throw new MongoFailure('BadValue', `bit positions must be >= 0 but got: ${position}`);
  return Number(position);
}
