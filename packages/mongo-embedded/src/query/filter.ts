import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import { exprBounds } from './expr-bounds.ts';
import { compileExpression } from './expression/compile-expression.ts';
import { type Environment, scopeWith } from './expression/expression.ts';
import { type FieldBounds, fieldBounds } from './field-bounds.ts';
import type { MatchTrace, PathProbe } from './field-path.ts';
import { atPath, type DocumentTest, equalityTest, inTest, regexOperatorTest, valueProbe } from './filter-operators.ts';
import { equalBounds, type IdBounds, intersect, isComparison, pointBounds, typedBounds } from './id-bounds.ts';
import { entriesOf, itemsOf, nameBytes, walkOf } from './raw-document.ts';
import { isTruthy } from './truth.ts';
import { emptyVariables, type Variables } from './variables.ts';

/** A filter ready to run on raw documents. */
export interface CompiledFilter {
  matches(document: Uint8Array): boolean;
  /**
   * Like `matches`, but returns the index of the match in the outermost array (-1: none); null if there is no match.
   */
  trace(document: Uint8Array): MatchTrace | null;
  /** Bounds on the `_id` of every match; null if the filter implies none. */
  readonly idBounds: IdBounds | null;
  /** Conditions on single fields that every match meets, for secondary indexes. */
  readonly fields: readonly FieldBounds[];
  /** Whether `fields` are all the conditions of the filter. */
  readonly isBounded: boolean;
  /** Whether every document matches. */
  readonly matchesAll: boolean;
  /** The equality conditions; an upsert builds its document from them. */
  readonly equalities: readonly Equality[];
}

export interface Equality {
  readonly path: string;
  readonly value: RawValue;
}

/** One compiled condition and its properties. */
interface Condition {
  readonly test: DocumentTest;
  readonly idBounds: IdBounds | null;
  readonly fields: readonly FieldBounds[];
  readonly isBounded: boolean;
  readonly equalities: readonly Equality[];
}

/**
 * Compiles a filter document. Rejects what MongoDB rejects, with its code: unknown operators BadValue 2, `$where` and
 * `$text` as not supported here. Values are compared within their type (1 never equals "1"), arrays match by any item
 * or in whole, null matches missing.
 */
export function compileFilter(filter: Uint8Array, variables: Variables = emptyVariables): CompiledFilter {
  const root = documentValue(filter);
  const condition = compileAll(root, variables);
  const matchesAll = !new ElementWalk(filter).next();
  const trace = (document: Uint8Array): MatchTrace | null => {
    const found: MatchTrace = { position: -1 };
    return condition.test(documentValue(document), found) ? found : null;
  };
  const scratch: MatchTrace = { position: -1 };
  return {
    matches: (document) => condition.test(documentValue(document), scratch),
    trace,
    idBounds: condition.idBounds,
    fields: condition.fields,
    isBounded: condition.isBounded,
    matchesAll,
    equalities: condition.equalities,
  };
}

function badValue(message: string): MongoFailure {
  return new MongoFailure('BadValue', message);
}

function compileAll(filter: RawValue, variables: Variables): Condition {
  return conjunction(
    entriesOf(filter).map(([name, operand]) =>
      name.startsWith('$') ? compileTopLevel(name, operand, variables) : compileField(name, operand),
    ),
  );
}

/** The conjunction of the conditions; bounds stay exact only if they cover every condition. */
function conjunction(conditions: readonly Condition[]): Condition {
  const [only] = conditions;
  if (only !== undefined && conditions.length === 1) return only;
  const bounds = conditions.flatMap((condition) => (condition.idBounds === null ? [] : [condition.idBounds]));
  const joined = bounds.length === 0 ? null : bounds.reduce(intersect);
  const isExact = joined?.isExact === true && bounds.length === conditions.length;
  const tests = conditions.map((condition) => condition.test);
  return {
    test: (document, trace) => tests.every((test) => test(document, trace)),
    idBounds: joined === null ? null : { ...joined, isExact },
    fields: conditions.flatMap((condition) => condition.fields),
    isBounded: conditions.every((condition) => condition.isBounded),
    equalities: conditions.flatMap((condition) => condition.equalities),
  };
}

function plain(test: DocumentTest): Condition {
  return { test, idBounds: null, fields: [], isBounded: false, equalities: [] };
}

function negated(condition: Condition): Condition {
  return plain((document) => !condition.test(document, { position: -1 }));
}

function compileTopLevel(name: string, operand: RawValue, variables: Variables): Condition {
  switch (name) {
    case '$and':
      return conjunction(branches(name, operand).map((branch) => compileAll(branch, variables)));
    case '$or':
      return disjunction(branches(name, operand).map((branch) => compileAll(branch, variables)));
    case '$nor':
      return negated(disjunction(branches(name, operand).map((branch) => compileAll(branch, variables))));
    case '$expr':
      return compileExpr(operand, variables);
    case '$comment':
      return plain(() => true);
    case '$alwaysTrue':
      return plain(() => true);
    case '$alwaysFalse':
      return plain(() => false);
    case '$where':
    case '$text':
    case '$jsonSchema':
    case '$sampleRate':
      throw new MongoFailure('CommandNotSupported', `${name} is not supported by this server`);
    default:
      throw badValue(
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function branches(name: string, operand: RawValue): RawValue[] {
  if (operand.type !== bsonTypes.array) throw badValue(`${name} must be an array`);
  const items = itemsOf(operand);
  if (items.length === 0) throw badValue('$and/$or/$nor must be a nonempty array');
  if (items.some((item) => item.type !== bsonTypes.object))
    throw badValue('$or/$and/$nor entries need to be full objects');
  return items;
}

function disjunction(conditions: readonly Condition[]): Condition {
  const [only] = conditions;
  if (only !== undefined && conditions.length === 1) return only;
  const points = conditions.map((condition) =>
    condition.idBounds?.isExact === true ? condition.idBounds.points : null,
  );
  const isPoints = points.every((list) => list !== null);
  return {
    test: (document, trace) => conditions.some((condition) => condition.test(document, trace)),
    idBounds: isPoints ? pointBounds(points.flatMap((list) => list ?? [])) : null,
    fields: [],
    isBounded: false,
    equalities: [],
  };
}

function compileExpr(operand: RawValue, variables: Variables): Condition {
  const expression = compileExpression(operand, scopeWith(variables.names));
  const test: DocumentTest = (root) => {
    const environment: Environment = { root, bindings: variables.bindings };
    return isTruthy(expression(environment));
  };
  return { ...plain(test), idBounds: exprBounds(operand, variables) };
}

/** Whether a document is a set of operators rather than a value to be equal to. */
function isOperatorDocument(operand: RawValue): boolean {
  if (operand.type !== bsonTypes.object) return false;
  const [entry] = entriesOf(operand);
  return entry?.[0].startsWith('$') === true && !['$ref', '$id', '$db'].includes(entry[0]);
}

function compileField(path: string, operand: RawValue): Condition {
  if (!isOperatorDocument(operand)) return equality(path, operand);
  return conjunction(operatorConditions(path, operand));
}

function equality(path: string, operand: RawValue): Condition {
  if (operand.type === bsonTypes.undefined) throw badValue('cannot compare to undefined');
  const test = atPath(path, { test: equalityTest(operand), entersLastArray: true });
  if (operand.type === bsonTypes.regex) return plain(test);
  const idBounds = path === '_id' ? equalBounds([operand]) : null;
  return { test, idBounds, ...bounded(fieldBounds(path, '$eq', operand)), equalities: [{ path, value: operand }] };
}

function operatorConditions(path: string, operators: RawValue): Condition[] {
  const entries = entriesOf(operators);
  return entries.map(([name, operand]) => {
    if (!name.startsWith('$')) throw badValue(`unknown operator: ${name}`);
    return operatorCondition(path, { name, operand, siblings: entries });
  });
}

interface OperatorEntry {
  readonly name: string;
  readonly operand: RawValue;
  readonly siblings: readonly [string, RawValue][];
}

function operatorCondition(path: string, entry: OperatorEntry): Condition {
  const { name, operand, siblings } = entry;
  const probe = valueProbe(name, operand);
  if (probe !== undefined) return probed(path, entry, probe);
  switch (name) {
    case '$ne':
      if (operand.type === bsonTypes.regex) throw badValue("Can't have regex as arg to $ne.");
      return negated(operatorCondition(path, { name: '$eq', operand, siblings }));
    case '$nin':
      return negated(plain(atPath(path, { test: inTest(operand, '$nin'), entersLastArray: true })));
    case '$not':
      return negated(notOperand(path, operand));
    case '$exists': {
      const exists = plain(atPath(path, { test: (value) => value !== undefined, entersLastArray: false }));
      return isTruthy(operand) ? exists : negated(exists);
    }
    case '$regex':
    case '$options': {
      const pattern = siblings.find(([sibling]) => sibling === '$regex')?.[1];
      if (pattern === undefined) throw badValue('$options needs a $regex');
      const test = regexOperatorTest(pattern, siblings.find(([sibling]) => sibling === '$options')?.[1]);
      return plain(atPath(path, { test, entersLastArray: true }));
    }
    case '$all':
      return allCondition(path, operand);
    case '$elemMatch':
      return plain(atPath(path, { test: elementTest(operand), entersLastArray: false }));
    case '$comment':
      return plain(() => true);
    case '$geoWithin':
    case '$geoIntersects':
    case '$near':
    case '$nearSphere':
    case '$within':
      throw new MongoFailure('CommandNotSupported', `${name} is not supported by this server`);
    default:
      throw badValue(`unknown operator: ${name}`);
  }
}

function probed(path: string, { name, operand }: OperatorEntry, probe: PathProbe): Condition {
  const equalities = name === '$eq' ? [{ path, value: operand }] : singleEquality(path, name, operand);
  return {
    test: atPath(path, probe),
    idBounds: path === '_id' ? operatorBounds(name, operand) : null,
    ...bounded(fieldBounds(path, name, operand)),
    equalities,
  };
}

function bounded(fields: readonly FieldBounds[]): Pick<Condition, 'fields' | 'isBounded'> {
  return { fields, isBounded: fields.length > 0 };
}

function singleEquality(path: string, name: string, operand: RawValue): Equality[] {
  if (name !== '$in' || operand.type !== bsonTypes.array) return [];
  const [value, ...more] = itemsOf(operand);
  return value === undefined || more.length > 0 || value.type === bsonTypes.regex ? [] : [{ path, value }];
}

function operatorBounds(name: string, operand: RawValue): IdBounds | null {
  if (name === '$in') {
    const items = itemsOf(operand);
    return items.some((item) => item.type === bsonTypes.regex) ? null : equalBounds(items);
  }
  if (isComparison(name) && operand.type !== bsonTypes.regex) return typedBounds(name, operand);
  return null;
}

function notOperand(path: string, operand: RawValue): Condition {
  if (operand.type === bsonTypes.regex) return equality(path, operand);
  if (operand.type !== bsonTypes.object) throw badValue('$not needs a regex or a document');
  if (entriesOf(operand).length === 0) throw badValue('$not cannot be empty');
  return conjunction(operatorConditions(path, operand));
}

function allCondition(path: string, operand: RawValue): Condition {
  if (operand.type !== bsonTypes.array) throw badValue('$all needs an array');
  const items = itemsOf(operand);
  if (items.length === 0) return plain(() => false);
  return conjunction(items.map((item) => (isOperatorDocument(item) ? allElement(path, item) : equality(path, item))));
}

function allElement(path: string, item: RawValue): Condition {
  const [entry] = entriesOf(item);
  if (entry?.[0] !== '$elemMatch') throw badValue(`no $ expressions in $all`);
  return plain(atPath(path, { test: elementTest(entry[1]), entersLastArray: false }));
}

/** Items that match a condition on themselves (`{ $gt: 5 }`) or on their fields (`{ a: 1 }`). */
function elementTest(operand: RawValue): PathProbe['test'] {
  if (operand.type !== bsonTypes.object) throw badValue('$elemMatch needs an Object');
  const test = isValueElement(operand) ? itemTest(operand) : fieldsTest(operand);
  return (value, trace) => {
    if (value?.type !== bsonTypes.array) return false;
    const walker = walkOf(value);
    for (let position = 0; walker.next(); position += 1) {
      if (!test(walker.value)) continue;
      trace.position = position;
      return true;
    }
    return false;
  };
}

function isValueElement(operand: RawValue): boolean {
  const [entry] = entriesOf(operand);
  return isOperatorDocument(operand) && !['$and', '$or', '$nor', '$expr', '$where'].includes(entry?.[0] ?? '');
}

function fieldsTest(operand: RawValue): (item: RawValue) => boolean {
  const condition = compileAll(operand, emptyVariables);
  return (item) =>
    (item.type === bsonTypes.object || item.type === bsonTypes.array) && condition.test(item, { position: -1 });
}

/** Tests the item itself by wrapping it in a document. */
function itemTest(operand: RawValue): (item: RawValue) => boolean {
  const conditions = entriesOf(operand).map(([name, value]) => itemOperator(name, value, operand));
  return (item) => conditions.every((test) => test(item));
}

function itemOperator(name: string, operand: RawValue, all: RawValue): (item: RawValue) => boolean {
  const scratch: MatchTrace = { position: -1 };
  const probe = name === '$elemMatch' ? { test: elementTest(operand) } : valueProbe(name, operand);
  if (probe !== undefined) return (item) => probe.test(item, scratch);
  if (name === '$not' && operand.type === bsonTypes.object) {
    const test = itemTest(operand);
    return (item) => !test(item);
  }
  if (name === '$ne' || name === '$nin') {
    const test = name === '$ne' ? equalityTest(operand) : inTest(operand, name);
    return (item) => !test(item);
  }
  const condition = operatorCondition('v', { name, operand, siblings: entriesOf(all) });
  return (item) => condition.test(holding(item, holderName), scratch);
}

const holderName = nameBytes('v');

function holding(item: RawValue, name: Uint8Array): RawValue {
  const length = item.end - item.start;
  const bytes = new Uint8Array(length + name.length + 7);
  new DataView(bytes.buffer).setInt32(0, bytes.length, true);
  bytes[4] = item.type;
  bytes.set(name, 5);
  bytes.set(item.span(), 6 + name.length);
  return documentValue(bytes);
}
