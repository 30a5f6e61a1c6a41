/**
 * Compares a result with what a unified test expects: flexible numbers, `$$` operators, extra fields allowed in
 * root documents only. Throws a sentence with the path of the difference.
 */
import { Binary, type Document, EJSON, serialize } from 'bson';
import { typeNameOf } from './bson-type.ts';
import { parseExtendedJson } from './extended-json.ts';

/** What the `$$` operators need to know beside the two values. */
export interface MatchScope {
  /** Value of the entity of that name; throws when there is none. */
  entity(name: string): unknown;
  /** Logical session id of the session entity of that name. */
  sessionLsid(name: string): Document;
}

export interface MatchPlace {
  readonly path: string;
  /** Root documents may hold fields that the test does not name. */
  readonly isRoot: boolean;
  /** So may, within commands, the documents inside: what the driver adds there says nothing about the server. */
  readonly isLenient?: boolean;
}

export class Mismatch extends Error {
  constructor(place: MatchPlace, expected: unknown, actual: unknown) {
    super(`${place.path}: expected ${show(expected)}, got ${show(actual)}`);
    this.name = 'Mismatch';
  }
}

export class ValueMatcher {
  private readonly scope: MatchScope;

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
    if (!isDocumentLike(actual)) throw new Mismatch(place, expected, actual);
    for (const [key, value] of Object.entries(expected)) {
      const inner = { ...place, path: `${place.path}.${key}`, isRoot: false };
      if (isOperator(value)) this.matchField(value, { container: actual, key }, inner);
      else if (!(key in actual)) throw new Mismatch(inner, value, undefined);
      else this.match(value, actual[key], inner);
    }
    if (place.isRoot || place.isLenient === true) return;
    const extra = Object.keys(actual).filter((key) => !(key in expected) && actual[key] !== undefined);
    if (extra.length > 0) throw new Error(`${place.path}: unexpected field ${extra.join(', ')} in ${show(actual)}`);
  }

  private matchField(operator: Document, field: { container: Document; key: string }, place: MatchPlace): void {
    const { container, key } = field;
    const isPresent = key in container && container[key] !== undefined;
    if ('$$exists' in operator) {
      if (isPresent !== operator['$$exists']) throw new Mismatch(place, operator, container[key]);
      return;
    }
    if ('$$unsetOrMatches' in operator && !isPresent) return;
    if (!isPresent) throw new Mismatch(place, operator, undefined);
    this.matchOperator(operator, container[key], place);
  }

  private matchOperator(operator: Document, actual: unknown, place: MatchPlace): void {
    const [name = '', argument] = Object.entries(operator)[0] ?? [];
    const holds = CONDITIONS[name];
    if (holds !== undefined) {
      if (!holds(argument, actual)) throw new Mismatch(place, operator, actual);
      return;
    }
    if (name === '$$unsetOrMatches') {
      if (actual !== undefined && actual !== null) this.match(argument, actual, place);
    } else if (name === '$$matchesEntity') {
      this.match(this.scope.entity(String(argument)), actual, place);
    } else if (name === '$$sessionLsid') {
      this.match(this.scope.sessionLsid(String(argument)), actual, place);
    } else if (name === '$$matchAsDocument') {
      this.match(argument, parseExtendedJson(String(actual)), place);
    } else if (name === '$$matchAsRoot') {
      this.match(argument, actual, { ...place, isRoot: true });
    } else {
      throw new Error(`${place.path}: the runner does not know the operator ${name}`);
    }
  }
}

/** Operators that need nothing but their argument and the value. */
const CONDITIONS: Readonly<Record<string, (argument: unknown, actual: unknown) => boolean>> = {
  $$exists: (argument, actual) => (actual !== undefined) === argument,
  $$type: (argument, actual) => {
    const wanted: unknown[] = Array.isArray(argument) ? argument : [argument];
    return typeNameOf(actual).some((typeName) => wanted.includes(typeName));
  },
  $$matchesHexBytes: (argument, actual) => bytesOf(actual)?.toString('hex') === String(argument).toLowerCase(),
  $$lte: (argument, actual) => Number(actual) <= Number(argument),
};

function isOperator(value: unknown): value is Document {
  if (!isPlainDocument(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0]?.startsWith('$$') === true;
}

function isPlainDocument(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !('_bsontype' in value) && !(value instanceof Date) && !(value instanceof RegExp) && !Buffer.isBuffer(value);
}

/** Results of the driver are class instances with plain fields; BSON values and arrays are not documents. */
function isDocumentLike(value: unknown): value is Document {
  return isPlainDocument(value);
}

function scalarsEqual(expected: unknown, actual: unknown): boolean {
  if (expected === null || expected === undefined) return actual === null || actual === undefined;
  const left = numberOf(expected);
  if (left !== null) {
    const right = numberOf(actual);
    return right !== null && (left === right || (Number.isNaN(Number(left)) && Number.isNaN(Number(right))));
  }
  if (typeof expected !== 'object') return expected === actual;
  if (typeof actual !== 'object' || actual === null || isPlainDocument(actual)) return false;
  return Buffer.from(serialize({ value: expected })).equals(Buffer.from(serialize({ value: actual })));
}

/** A canonical decimal text, so that int32, int64 and double compare by value. */
function numberOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || !('_bsontype' in value)) return null;
  const typeName = value['_bsontype'];
  return typeName === 'Long' || typeName === 'Int32' || typeName === 'Double' ? String(value) : null;
}

function bytesOf(value: unknown): Buffer | null {
  if (value instanceof Binary) return Buffer.from(value.value());
  return value instanceof Uint8Array ? Buffer.from(value) : null;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  try {
    return EJSON.stringify(value, { relaxed: true });
  } catch {
    return String(value);
  }
}
