/**
 * Whether a filter lets a document through, written from MongoDB's manual for the operators and the kinds of values that the
 * generator makes (`workload/filters.ts`). Nothing of the engine is used, nor of the embedded MongoDB, which is what the engine filters
 * with. Anything else is an error.
 */
import { Binary, BSON, Decimal128, Double, Int32, Long, ObjectId } from 'mongodb';

/** `filter` is Extended JSON, `document` as the driver reads it with `promoteValues: false`. */
export function letsThrough(filter: object, document: object): boolean {
  const query: unknown = BSON.EJSON.deserialize({ ...filter }, { relaxed: false });
  return matchesQuery(asObject(query), document);
}

function asObject(value: unknown): object {
  if (typeof value === 'object' && value !== null) return value;
  throw new Error(`The oracle expects an object and found ${String(value)}.`);
}

function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`The oracle expects a list and found ${String(value)}.`);
}

function matchesQuery(query: object, document: object): boolean {
  return Object.entries(query).every(([name, operand]) => {
    const branches = (): readonly object[] => asList(operand).map(asObject);
    if (name === '$and') return branches().every((branch) => matchesQuery(branch, document));
    if (name === '$or') return branches().some((branch) => matchesQuery(branch, document));
    if (name === '$nor') return !branches().some((branch) => matchesQuery(branch, document));
    if (name.startsWith('$')) throw new Error(`The oracle does not know the operator ${name}.`);
    return matchesField(fieldAt(document, name.split('.')), operand);
  });
}

/** Undefined if there is no such field. An embedded array is entered only for its documents, of which the generator makes none. */
function fieldAt(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isScalar(value)) return undefined;
  return fieldAt(new Map(Object.entries(value)).get(name), rest);
}

function matchesField(value: unknown, condition: unknown): boolean {
  return isOperators(condition) ? matchesOperators(value, condition) : isEqualToAny(value, [condition]);
}

function isOperators(condition: unknown): condition is object {
  if (typeof condition !== 'object' || condition === null || isScalar(condition)) return false;
  return Object.keys(condition).some((name) => name.startsWith('$'));
}

function matchesOperators(value: unknown, operators: object): boolean {
  return Object.entries(operators).every(([name, operand]) => {
    const test = tests.get(name);
    if (test === undefined) throw new Error(`The oracle does not know the operator ${name}.`);
    return test(value, operand);
  });
}

type Test = (value: unknown, operand: unknown) => boolean;

const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['$eq', (value, operand) => isEqualToAny(value, [operand])],
  ['$ne', (value, operand) => !isEqualToAny(value, [operand])],
  ['$in', (value, operand) => isEqualToAny(value, asList(operand))],
  ['$nin', (value, operand) => !isEqualToAny(value, asList(operand))],
  ['$gt', ordered((order) => order > 0)],
  ['$gte', ordered((order) => order >= 0)],
  ['$lt', ordered((order) => order < 0)],
  ['$lte', ordered((order) => order <= 0)],
  ['$exists', (value, operand) => (value !== undefined) === operand],
  ['$type', (value, operand) => valuesOf(value).some((each) => kindOf(each) === operand)],
  ['$size', (value, operand) => Array.isArray(value) && numberOf(operand) === scaled(String(value.length))],
  ['$mod', (value, operand) => valuesOf(value).some((each) => hasRemainder(each, asList(operand)))],
  ['$not', (value, operand) => !matchesField(value, operand)],
  ['$elemMatch', (value, operand) => Array.isArray(value) && value.some((each) => matchesField(each, operand))],
]);

/** The value, and each element of an array. */
function valuesOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? [...value, value] : [value];
}

function isEqualToAny(value: unknown, operands: readonly unknown[]): boolean {
  if (value === undefined) return operands.includes(null);
  return valuesOf(value).some((each) => operands.some((operand) => orderOf(each, operand) === 0));
}

function ordered(accepts: (order: number) => boolean): Test {
  return (value, operand) =>
    valuesOf(value).some((each) => {
      const order = orderOf(each, operand);
      return order !== null && accepts(order);
    });
}

/** Below, equal or above 0; null if the two are of different kinds, or one of them is not a number, which equals only its like. */
function orderOf(left: unknown, right: unknown): number | null {
  const kind = kindOf(right);
  if (kind === 'array' || kind === 'object') throw new Error('The oracle compares with scalar values only.');
  if (kind !== kindOf(left)) return null;
  if (kind === 'number') return orderOfNumbers(numberOf(left), numberOf(right));
  return Buffer.compare(bytesOf(left), bytesOf(right));
}

function orderOfNumbers(left: Scaled, right: Scaled): number | null {
  if (left === right) return 0;
  if (left === 'NaN' || right === 'NaN') return null;
  return left < right ? -1 : 1;
}

/** The names that `$type` has for the kinds of values. */
const kinds: readonly (readonly [string, (value: unknown) => boolean])[] = [
  ['null', (value) => value === null],
  ['number', isNumber],
  ['string', (value) => typeof value === 'string'],
  ['bool', (value) => typeof value === 'boolean'],
  ['date', (value) => value instanceof Date],
  ['objectId', (value) => value instanceof ObjectId],
  ['binData', (value) => value instanceof Binary],
  ['array', (value) => Array.isArray(value)],
  ['object', (value) => typeof value === 'object'],
];

function kindOf(value: unknown): string {
  const [kind] = kinds.find(([, isOfKind]) => isOfKind(value)) ?? [];
  if (kind === undefined) throw new Error(`The oracle does not know the value ${String(value)}.`);
  return kind;
}

function isNumber(value: unknown): value is Int32 | Long | Double | Decimal128 {
  return [Int32, Long, Double, Decimal128].some((type) => value instanceof type);
}

function isScalar(value: object): boolean {
  return !['object', 'array'].includes(kindOf(value));
}

/** In the order that MongoDB gives to values of one kind. Dates are moved so that all of the generator's are above 0. */
function bytesOf(value: unknown): Uint8Array {
  if (value === null) return Buffer.alloc(0);
  if (typeof value === 'string') return Buffer.from(value);
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0]);
  if (value instanceof Date) return Buffer.from(String(value.getTime() + 1e15).padStart(17, '0'));
  if (value instanceof ObjectId) return Buffer.from(value.toHexString());
  if (value instanceof Binary) return Buffer.concat([Buffer.from([value.sub_type]), value.value()]);
  throw new Error(`The oracle cannot order ${String(value)}.`);
}

/** A number as a multiple of 10^-9, which is exact for all that the generator makes. */
type Scaled = bigint | 'NaN' | number;

function numberOf(value: unknown): Scaled {
  if (isNumber(value)) return scaled(value.toString());
  throw new Error(`The oracle takes ${String(value)} for no number.`);
}

function scaled(text: string): Scaled {
  if (text === 'NaN') return text;
  if (text.endsWith('Infinity')) return Number(text);
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole === '') throw new Error(`The oracle cannot compare the number ${text}.`);
  return BigInt(`${sign}${whole}${fraction.padEnd(9, '0')}`);
}

/** Of `rev`, which is an int32. */
function hasRemainder(value: unknown, [divisor, remainder]: readonly unknown[]): boolean {
  const areKnown = value instanceof Int32 && divisor instanceof Int32 && remainder instanceof Int32;
  if (!areKnown) throw new Error(`The oracle does not know the remainder of ${String(value)}.`);
  return value.value % divisor.value === remainder.value;
}
