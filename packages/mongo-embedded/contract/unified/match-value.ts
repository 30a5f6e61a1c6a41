/**
 * Compares a result with what a unified test expects: flexible numbers, `$$` operators, extra fields allowed in
 * root documents only. Throws a sentence with the path of the difference.
 */
import { Binary, Code, type Document, EJSON, serialize } from 'bson';
import { typeNameOf } from './bson-type.ts';
import { parseExtendedJson } from './extended-json.ts';
import { MalformedTest } from './malformed-test.ts';

/** What the `$$` operators need to know beside the two values. */
export interface MatchScope {
  /** BSON value of the entity of that name; throws when there is none, or when it is an object of the driver. */
  bsonEntity(name: string): unknown;
  /** Logical session id of the session entity of that name. */
  sessionLsid(name: string): Document;
}

export interface MatchPlace {
  readonly path: string;
  /** Root documents, and the documents of a root array, may hold fields that the test does not name. */
  readonly isRoot: boolean;
}

export class Mismatch extends Error {
  constructor(place: MatchPlace, expected: unknown, actual: unknown) {
    super(`${place.path}: expected ${show(expected)}, got ${show(actual)}`);
    this.name = 'Mismatch';
  }
}

export class ValueMatcher {
  readonly scope: MatchScope;

  constructor(scope: MatchScope) {
    this.scope = scope;
  }

  /** Throws Mismatch unless `actual` is what `expected` describes. */
  match(expected: unknown, actual: unknown, place: MatchPlace): void {
    if (isOperator(expected)) {
      this.matchOperator(expected, actual, place);
    } else if (Array.isArray(expected)) {
      this.matchArray(expected, actual, place);
    } else if (isPlainDocument(expected)) {
      this.matchDocument(expected, actual, place);
    } else if (!scalarsEqual(expected, actual)) {
      throw new Mismatch(place, expected, actual);
    }
  }

  private matchArray(expected: readonly unknown[], actual: unknown, place: MatchPlace): void {
    if (!Array.isArray(actual) || actual.length !== expected.length) throw new Mismatch(place, expected, actual);
    for (const [index, entry] of expected.entries()) {
      this.match(entry, actual[index], { ...place, path: `${place.path}[${index}]` });
    }
  }

  private matchDocument(expected: Document, actual: unknown, place: MatchPlace): void {
    if (!isPlainDocument(actual)) throw new Mismatch(place, expected, actual);
    for (const [key, value] of Object.entries(expected)) {
      const inner = { path: `${place.path}.${key}`, isRoot: false };
      const field: unknown = actual[key];
      if (field === undefined && !isOperator(value)) throw new Mismatch(inner, value, undefined);
      this.match(value, field, inner);
    }
    if (place.isRoot) return;
    const extra = Object.keys(actual).filter((key) => !(key in expected) && actual[key] !== undefined);
    if (extra.length > 0) throw new Error(`${place.path}: unexpected field ${extra.join(', ')} in ${show(actual)}`);
  }

  private matchOperator(operator: Document, actual: unknown, place: MatchPlace): void {
    const [name = '', argument] = Object.entries(operator)[0] ?? [];
    const condition = CONDITIONS[name];
    if (condition !== undefined) {
      if (!condition(argument, actual)) throw new Mismatch(place, operator, actual);
      return;
    }
    const redirect = REDIRECTIONS[name];
    if (redirect === undefined) throw new MalformedTest(`${place.path}: the runner does not know the operator ${name}`);
    redirect(this, { argument, actual, place });
  }
}

/** True where both hold the same values of the same types; only the order of keys is free. */
export function exactlyEqual(expected: unknown, actual: unknown): boolean {
  return exactBytes(expected).equals(exactBytes(actual));
}

/** Operators that need nothing but their argument and the value. */
const CONDITIONS: Readonly<Record<string, (argument: unknown, actual: unknown) => boolean>> = {
  $$exists: (argument, actual) => {
    if (typeof argument !== 'boolean') throw new MalformedTest('$$exists takes a boolean');
    return (actual !== undefined) === argument;
  },
  $$type: (argument, actual) => {
    const wanted: unknown[] = [argument].flat();
    return typeNameOf(actual).some((typeName) => wanted.includes(typeName));
  },
  $$matchesHexBytes: (argument, actual) => bytesOf(actual)?.equals(parseHexBytes(argument)) === true,
  $$lte: (argument, actual) => numberOf(actual) !== null && Number(actual) <= Number(argument),
};

interface Comparison {
  readonly argument: unknown;
  readonly actual: unknown;
  readonly place: MatchPlace;
}

/** Operators that compare with something else than their argument, or in another way. */
const REDIRECTIONS: Readonly<Record<string, (matcher: ValueMatcher, comparison: Comparison) => void>> = {
  $$unsetOrMatches: (matcher, { argument, actual, place }) => {
    if (actual !== undefined) matcher.match(argument, actual, place);
  },
  $$matchesEntity: (matcher, { argument, actual, place }) =>
    matcher.match(matcher.scope.bsonEntity(String(argument)), actual, place),
  $$sessionLsid: (matcher, { argument, actual, place }) =>
    matcher.match(matcher.scope.sessionLsid(String(argument)), actual, place),
  $$matchAsDocument: (matcher, { argument, actual, place }) => {
    if (typeof actual !== 'string') throw new Mismatch(place, { $$matchAsDocument: argument }, actual);
    matcher.match(argument, parseExtendedJson(actual), { ...place, isRoot: false });
  },
  $$matchAsRoot: (matcher, { argument, actual, place }) => matcher.match(argument, actual, { ...place, isRoot: true }),
};

/** Bytes written as an even number of hexadecimal digits, in either case; throws where they are malformed. */
export function parseHexBytes(text: unknown): Buffer {
  if (typeof text !== 'string' || !/^([0-9a-f]{2})*$/i.test(text))
    throw new MalformedTest(`${show(text)} is not hex bytes`);
  return Buffer.from(text, 'hex');
}

function isOperator(value: unknown): value is Document {
  if (!isPlainDocument(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0]?.startsWith('$$') === true;
}

/** Results of the driver are class instances with plain fields; BSON values and arrays are not documents. */
function isPlainDocument(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !('_bsontype' in value) && !(value instanceof Date) && !(value instanceof RegExp) && !isBytes(value);
}

function scalarsEqual(expected: unknown, actual: unknown): boolean {
  const number = numberOf(expected);
  if (number !== null) return number === numberOf(actual);
  if (typeof expected !== 'object' || expected === null) return expected === actual;
  if (typeof actual !== 'object' || actual === null || isPlainDocument(actual)) return false;
  return exactlyEqual(expected, actual);
}

/** A decimal text, so that int32, int64 and double compare by value; null for what is none of them. */
function numberOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || !('_bsontype' in value)) return null;
  const typeName = value['_bsontype'];
  if (typeName === 'Int32' || typeName === 'Double') return String(Number(value));
  return typeName === 'Long' ? String(value) : null;
}

function exactBytes(value: unknown): Buffer {
  return Buffer.from(serialize({ value: withSortedKeys(value) }));
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (value instanceof Code) return value.scope ? new Code(value.code, sortedDocument(value.scope)) : value;
  return isPlainDocument(value) ? sortedDocument(value) : value;
}

function sortedDocument(document: Document): Document {
  const entries = Object.entries(document).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, withSortedKeys(value)]));
}

function bytesOf(value: unknown): Buffer | null {
  if (value instanceof Binary) return Buffer.from(value.value());
  return isBytes(value) ? Buffer.from(value) : null;
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  try {
    return EJSON.stringify(value, { relaxed: true });
  } catch {
    return String(value);
  }
}
