import { bsonTypes } from '@emcachers/bson/bson-types';
import { int32Value, nullValue, type RawValue, stringOf, stringValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { entriesOf, fieldOf, itemsOf, nameBytes } from '../raw-document.ts';
import { typeNameOf } from '../type-names.ts';
import { arrayOf, documentOf, type Expression } from './expression.ts';
import {
  type Argument,
  isPresent,
  namedOperands,
  type OperatorTable,
  type OperatorUse,
  withAny,
  withArguments,
} from './operator.ts';

function mergeObjects(values: readonly Argument[]): Argument {
  const fields = new Map<string, RawValue>();
  for (const value of listOf(values)) {
    if (!isPresent(value)) continue;
    if (value.type !== bsonTypes.object)
      throw new MongoFailure(40400, `$mergeObjects requires object inputs, but input is of type ${typeNameOf(value)}`);
    for (const [name, field] of entriesOf(value)) fields.set(name, field);
  }
  return documentOf([...fields]);
}

/** The items of an only argument that is an array, else the arguments themselves. */
function listOf(values: readonly Argument[]): readonly Argument[] {
  const [only] = values;
  return values.length === 1 && only?.type === bsonTypes.array ? itemsOf(only) : values;
}

function objectToArray([value]: readonly Argument[]): Argument {
  if (!isPresent(value)) return nullValue;
  if (value.type !== bsonTypes.object)
    throw new MongoFailure(40390, `$objectToArray requires a document input, found: ${typeNameOf(value)}`);
  return arrayOf(
    entriesOf(value).map(([name, field]) =>
      documentOf([
        ['k', stringValue(name)],
        ['v', field],
      ]),
    ),
  );
}

function arrayToObject([value]: readonly Argument[]): Argument {
  if (!isPresent(value)) return nullValue;
  if (value.type !== bsonTypes.array)
    throw new MongoFailure(40386, `$arrayToObject requires an array input, found: ${typeNameOf(value)}`);
  const fields = new Map<string, RawValue>();
  for (const item of itemsOf(value)) {
    const [name, field] = pairOf(item);
    fields.set(name, field);
  }
  return documentOf([...fields]);
}

function pairOf(item: RawValue): readonly [string, RawValue] {
  const parts = item.type === bsonTypes.object ? namedPair(item) : item.type === bsonTypes.array ? itemsOf(item) : [];
  const [name, field] = parts;
  if (name === undefined || field === undefined || parts.length !== 2)
    throw new MongoFailure(40397, '$arrayToObject requires an array of size 2 arrays, or of documents with k and v');
  if (name.type !== bsonTypes.string)
    throw new MongoFailure(40394, `$arrayToObject requires keys of type string, found: ${typeNameOf(name)}`);
  return [stringOf(name), field];
}

function namedPair(item: RawValue): RawValue[] {
  const fields = new Map(entriesOf(item));
  const [name, field] = [fields.get('k'), fields.get('v')];
  if (name === undefined || field === undefined || fields.size !== 2)
    throw new MongoFailure(40392, "$arrayToObject requires an object keys of 'k' and 'v'");
  return [name, field];
}

/** A field name, which must be a constant string in these operators. */
function constantName(spec: RawValue | undefined, name: string, code: number): string {
  const literal = spec?.type === bsonTypes.object ? entriesOf(spec)[0] : undefined;
  const value = literal?.[0] === '$literal' || literal?.[0] === '$const' ? literal[1] : spec;
  if (value?.type !== bsonTypes.string || (value === spec && stringOf(value).startsWith('$'))) {
    throw new MongoFailure(code, `${name} requires 'field' to evaluate to a constant, but got a non-constant argument`);
  }
  return stringOf(value);
}

function getField(use: OperatorUse): Expression {
  const isShort = use.operand.type === bsonTypes.string || entriesOf(use.operand)[0]?.[0].startsWith('$') === true;
  const named = isShort
    ? new Map([['field', use.operand]])
    : namedOperands(use, { required: ['field', 'input'], optional: [], code: 3041701 });
  const name = nameBytes(constantName(named.get('field'), '$getField', 5654600));
  const inputSpec = named.get('input');
  const input = inputSpec === undefined ? undefined : use.compile(inputSpec);
  return (environment) => {
    const value = input === undefined ? environment.root : input(environment);
    if (value?.type === bsonTypes.object) return fieldOf(value, name);
    return isPresent(value) || value === undefined ? undefined : nullValue;
  };
}

function setField(use: OperatorUse): Expression {
  const isUnset = use.name === '$unsetField';
  const named = namedOperands(use, {
    required: isUnset ? ['field', 'input'] : ['field', 'input', 'value'],
    optional: [],
    code: 4161101,
  });
  const name = constantName(named.get('field'), use.name, 4161106);
  const [inputSpec, valueSpec] = [named.get('input'), named.get('value')];
  if (inputSpec === undefined) throw new MongoFailure(4161109, `${use.name} requires 'input' to be specified`);
  const input = use.compile(inputSpec);
  const fresh = valueSpec === undefined ? () => undefined : use.compile(valueSpec);
  return (environment) => {
    const document = input(environment);
    if (!isPresent(document)) return nullValue;
    if (document.type !== bsonTypes.object)
      throw new MongoFailure(4161105, `${use.name} requires 'input' to evaluate to type Object`);
    return withField(document, name, fresh(environment));
  };
}

function withField(document: RawValue, name: string, value: Argument): RawValue {
  const fields = entriesOf(document);
  const at = fields.findIndex(([field]) => field === name);
  if (value === undefined) return documentOf(fields.filter(([field]) => field !== name));
  if (at < 0) return documentOf([...fields, [name, value]]);
  return documentOf(fields.map((field, index) => (index === at ? [name, value] : field)));
}

/** Operators on documents as values. Source: the manual's page "Object Expression Operators". */
export const objectOperators: OperatorTable = {
  $mergeObjects: withAny(mergeObjects),
  $objectToArray: withArguments(1, objectToArray),
  $arrayToObject: withArguments(1, arrayToObject),
  $getField: getField,
  $setField: setField,
  $unsetField: setField,
  $bsonSize: withArguments(1, ([value]) => {
    if (!isPresent(value)) return nullValue;
    if (value.type !== bsonTypes.object)
      throw new MongoFailure(31393, `$bsonSize requires a document input, found: ${typeNameOf(value)}`);
    return int32Value(value.end - value.start);
  }),
  $binarySize: withArguments(1, ([value]) => {
    if (!isPresent(value)) return nullValue;
    if (value.type !== bsonTypes.string && value.type !== bsonTypes.binary)
      throw new MongoFailure(51276, `$binarySize requires a string or BinData argument, found: ${typeNameOf(value)}`);
    return int32Value(value.end - value.start - 5);
  }),
};
