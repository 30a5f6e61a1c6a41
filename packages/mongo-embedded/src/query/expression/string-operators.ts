import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { booleanValue, int32Value, nullValue, type RawValue, stringOf, stringValue } from '@emcachers/bson/raw-value';
import { readInt64 } from '@emcachers/bson/read-bytes';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { integerIn } from '../numeric.ts';
import { compileRegex, regexParts } from '../regex.ts';
import { typeNameOf } from '../type-names.ts';
import { formatDate } from './date-format.ts';
import { arrayOf, documentOf } from './expression.ts';
import { integerArgument } from './integer-argument.ts';
import {
  type Argument,
  isPresent,
  type OperatorCompiler,
  type OperatorTable,
  withAny,
  withArguments,
  withNamed,
} from './operator.ts';

/**
 * Coerces a value to text as string operators do: numbers and dates are formatted, null and missing become the empty
 * string.
 */
function coerced(value: Argument, name: string): string {
  if (!isPresent(value)) return '';
  if (value.type === bsonTypes.string || value.type === bsonTypes.symbol || value.type === bsonTypes.code)
    return stringOf(value);
  if (value.type === bsonTypes.date) return formatDate(readInt64(value.bytes, value.start));
  const integer = integerIn(value);
  if (integer !== undefined) return String(integer);
  throw new MongoFailure(16007, `can't convert from BSON type ${typeNameOf(value)} to String (${name})`);
}

function text(value: Argument, name: string, code: number): string {
  if (value?.type !== bsonTypes.string)
    throw new MongoFailure(code, `${name} requires a string argument, found: ${typeNameOf(value)}`);
  return stringOf(value);
}

function concat(values: readonly Argument[]): Argument {
  const parts: string[] = [];
  for (const value of values) {
    if (!isPresent(value)) return nullValue;
    if (value.type !== bsonTypes.string)
      throw new MongoFailure(16702, `$concat only supports strings, not ${typeNameOf(value)}`);
    parts.push(stringOf(value));
  }
  return stringValue(parts.join(''));
}

/** ASCII letters only, as MongoDB does it. */
function cased(convert: (letter: string) => string): OperatorCompiler {
  return withArguments(1, ([value], name) => stringValue(coerced(value, name).replace(/[A-Za-z]/g, convert)));
}

function substringBytes([value, start, length]: readonly Argument[], name: string): Argument {
  const bytes = Buffer.from(coerced(value, name));
  const from = integerArgument(start, name, 16034);
  const count = integerArgument(length, name, 16035);
  if (from < 0) throw new MongoFailure(50752, `${name}: starting index must be non-negative (got: ${from})`);
  const end = count < 0 ? bytes.length : from + count;
  const isInside = (at: number): boolean => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  if (isInside(from))
    throw new MongoFailure(28656, `${name}:  Invalid range, starting index is a UTF-8 continuation byte.`);
  if (isInside(end))
    throw new MongoFailure(28657, `${name}:  Invalid range, ending index is in the middle of a UTF-8 character.`);
  return stringValue(bytes.toString('utf8', from, Math.min(end, bytes.length)));
}

function substringPoints([value, start, length]: readonly Argument[], name: string): Argument {
  const points = Array.from(coerced(value, name));
  const from = integerArgument(start, name, 34450);
  const count = integerArgument(length, name, 34452);
  if (from < 0) throw new MongoFailure(34455, `${name}: the starting index must be a non-negative integer.`);
  if (count < 0) throw new MongoFailure(34454, `${name}: length must be a non-negative integer.`);
  return stringValue(points.slice(from, from + count).join(''));
}

function split([value, separator]: readonly Argument[]): Argument {
  if (!isPresent(value) || !isPresent(separator)) return nullValue;
  const between = text(separator, '$split', 40086);
  if (between === '') throw new MongoFailure(40087, '$split requires a non-empty separator');
  return arrayOf(text(value, '$split', 40085).split(between).map(stringValue));
}

interface Sides {
  readonly start: boolean;
  readonly end: boolean;
}

function trim(sides: Sides): OperatorCompiler {
  return withNamed({ required: ['input'], optional: ['chars'], code: 50694 }, ({ input, chars }, name) => {
    if (!isPresent(input) || (chars !== undefined && !isPresent(chars))) return nullValue;
    const points = Array.from(text(input, name, 50699));
    const unwanted = chars === undefined ? whitespace : new Set(Array.from(text(chars, name, 50700)));
    return stringValue(trimmed(points, unwanted, sides).join(''));
  });
}

function trimmed(points: readonly string[], unwanted: ReadonlySet<string>, sides: Sides): readonly string[] {
  const isKept = (point: string): boolean => !unwanted.has(point);
  const first = sides.start ? points.findIndex(isKept) : 0;
  const last = sides.end ? points.findLastIndex(isKept) : points.length - 1;
  return first < 0 ? [] : points.slice(first, last + 1);
}

const whitespace: ReadonlySet<string> = new Set([
  ...'\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a',
]);

function indexOf(split: (text: string) => readonly (string | number)[], code: number): OperatorCompiler {
  return withArguments([2, 4], ([value, part, start, end], name) => {
    if (!isPresent(value)) return nullValue;
    const whole = split(text(value, name, code));
    const wanted = split(text(part, name, code + 1));
    const from = start === undefined ? 0 : indexArgument(start, name);
    const to = end === undefined ? whole.length : Math.min(indexArgument(end, name), whole.length);
    return int32Value(positionOf(wanted, whole, { from, to }));
  });
}

function indexArgument(value: Argument, name: string): number {
  const index = integerArgument(value, name, 40096);
  if (index < 0) throw new MongoFailure(40097, `${name} requires a nonnegative index`);
  return index;
}

/** Where the part begins for the first time within the range; -1 if it does not occur there. */
function positionOf<Item>(
  part: readonly Item[],
  whole: readonly Item[],
  { from, to }: { readonly from: number; readonly to: number },
): number {
  for (let at = from; at + part.length <= to; at += 1) {
    if (part.every((item, offset) => whole[at + offset] === item)) return at;
  }
  return -1;
}

function replace(isAll: boolean): OperatorCompiler {
  return withNamed(
    { required: ['input', 'find', 'replacement'], optional: [], code: 51751 },
    ({ input, find, replacement }, name) => {
      if (!isPresent(input) || !isPresent(find) || !isPresent(replacement)) return nullValue;
      const [source, part, fresh] = [text(input, name, 51746), text(find, name, 51745), text(replacement, name, 51744)];
      return stringValue(isAll ? source.replaceAll(part, () => fresh) : source.replace(part, () => fresh));
    },
  );
}

interface RegexArguments {
  readonly source: string;
  readonly expression: RegExp;
}

function regexArguments(values: Readonly<Record<string, Argument>>, name: string): RegexArguments | null {
  const { input, regex, options } = values;
  if (!isPresent(input) || !isPresent(regex)) return null;
  const flags = isPresent(options) ? text(options, name, 51106) : '';
  const parts = regex.type === bsonTypes.regex ? regexParts(regex) : { pattern: text(regex, name, 51105), flags: '' };
  if (parts.flags !== '' && flags !== '')
    throw new MongoFailure(51107, `${name}: found regex option(s) specified in both 'regex' and 'option' fields`);
  const compiled = compileRegex({ pattern: parts.pattern, flags: parts.flags || flags });
  return { source: text(input, name, 51104), expression: new RegExp(compiled.source, `${compiled.flags}g`) };
}

function found(match: RegExpExecArray, source: string): RawValue {
  const captures = match
    .slice(1)
    .map((capture: string | undefined) => (capture === undefined ? nullValue : stringValue(capture)));
  return documentOf([
    ['match', stringValue(match[0])],
    ['idx', int32Value(Array.from(source.slice(0, match.index)).length)],
    ['captures', arrayOf(captures)],
  ]);
}

const regexSpec = { required: ['input', 'regex'], optional: ['options'], code: 31024 };

/** Operators on text. Source: the manual's page "String Expression Operators". */
export const stringOperators: OperatorTable = {
  $concat: withAny(concat),
  $toLower: cased((letter) => letter.toLowerCase()),
  $toUpper: cased((letter) => letter.toUpperCase()),
  $strLenBytes: withArguments(1, ([value], name) => int32Value(Buffer.byteLength(text(value, name, 34473)))),
  $strLenCP: withArguments(1, ([value], name) => int32Value(Array.from(text(value, name, 34471)).length)),
  $substr: withArguments(3, substringBytes),
  $substrBytes: withArguments(3, substringBytes),
  $substrCP: withArguments(3, substringPoints),
  $split: withArguments(2, split),
  $trim: trim({ start: true, end: true }),
  $ltrim: trim({ start: true, end: false }),
  $rtrim: trim({ start: false, end: true }),
  $indexOfBytes: indexOf((value) => [...Buffer.from(value)], 40091),
  $indexOfCP: indexOf((value) => Array.from(value), 40093),
  $strcasecmp: withArguments(2, ([left, right], name) => {
    const [one, other] = [coerced(left, name).toUpperCase(), coerced(right, name).toUpperCase()];
    return int32Value(Math.sign(Buffer.compare(Buffer.from(one), Buffer.from(other))));
  }),
  $replaceOne: replace(false),
  $replaceAll: replace(true),
  $regexMatch: withNamed(regexSpec, (values, name) => {
    const given = regexArguments(values, name);
    return booleanValue(given?.expression.test(given.source) === true);
  }),
  $regexFind: withNamed(regexSpec, (values, name) => {
    const given = regexArguments(values, name);
    const match = given?.expression.exec(given.source) ?? null;
    return given === null || match === null ? nullValue : found(match, given.source);
  }),
  $regexFindAll: withNamed(regexSpec, (values, name) => {
    const given = regexArguments(values, name);
    return arrayOf(
      given === null ? [] : Array.from(given.source.matchAll(given.expression), (match) => found(match, given.source)),
    );
  }),
};
