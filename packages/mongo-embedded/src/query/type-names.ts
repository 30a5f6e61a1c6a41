import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import { integerIn, isNumberType } from './numeric.ts';
import { itemsOf } from './raw-document.ts';

/** The type names that `$type` returns and accepts. Source: the manual's page "BSON Types". */
const typesByName: ReadonlyMap<string, number> = new Map([
  ['double', bsonTypes.double],
  ['string', bsonTypes.string],
  ['object', bsonTypes.object],
  ['array', bsonTypes.array],
  ['binData', bsonTypes.binary],
  ['undefined', bsonTypes.undefined],
  ['objectId', bsonTypes.objectId],
  ['bool', bsonTypes.boolean],
  ['date', bsonTypes.date],
  ['null', bsonTypes.null],
  ['regex', bsonTypes.regex],
  ['dbPointer', bsonTypes.dbPointer],
  ['javascript', bsonTypes.code],
  ['symbol', bsonTypes.symbol],
  ['javascriptWithScope', bsonTypes.codeWithScope],
  ['int', bsonTypes.int32],
  ['timestamp', bsonTypes.timestamp],
  ['long', bsonTypes.int64],
  ['decimal', bsonTypes.decimal128],
  ['minKey', bsonTypes.minKey],
  ['maxKey', bsonTypes.maxKey],
]);

const namesByType: ReadonlyMap<number, string> = new Map([...typesByName].map(([name, type]) => [type, name]));

/** The name of a value's type; `missing` for none. */
export function typeNameOf(value: RawValue | undefined): string {
  return value === undefined ? 'missing' : (namesByType.get(value.type) ?? 'unknown');
}

/** `$type`: a name, a number, or an array of them. */
export function typeTest(operand: RawValue): (value: RawValue | undefined) => boolean {
  const wanted = operand.type === bsonTypes.array ? itemsOf(operand) : [operand];
  if (wanted.length === 0) throw new MongoFailure('FailedToParse', 'a must match at least one type');
  const types = new Set(wanted.flatMap(typesOf));
  return (value) => value !== undefined && types.has(value.type);
}

function typesOf(operand: RawValue): number[] {
  if (operand.type === bsonTypes.string) return typesNamed(stringOf(operand));
  if (isNumberType(operand.type)) return [typeWithCode(integerIn(operand))];
  throw new MongoFailure('TypeMismatch', 'type must be represented as a number or a string');
}

function typesNamed(name: string): number[] {
  if (name === 'number') return [bsonTypes.double, bsonTypes.int32, bsonTypes.int64, bsonTypes.decimal128];
  const type = typesByName.get(name);
  if (type === undefined) throw new MongoFailure('BadValue', `Unknown type name alias: ${name}`);
  return [type];
}

/** MinKey's code is -1, though its type is written as 255. */
function typeWithCode(code: bigint | undefined): number {
  const type = code === -1n ? bsonTypes.minKey : Number(code ?? 0);
  if (namesByType.has(type)) return type;
  throw new MongoFailure('BadValue', `Invalid numerical type code: ${code ?? 'not an integer'}`);
}
