import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import { entriesOf, itemsOf } from '../query/raw-document.ts';
import { typeNameOf } from '../query/type-names.ts';
import { checkVariableName } from '../query/variables.ts';

/** The operand of `$merge`. */
export interface MergeSpec {
  readonly into: RawValue;
  readonly on: readonly string[];
  readonly whenMatched: 'merge' | 'replace' | 'keepExisting' | 'fail' | RawValue;
  readonly whenNotMatched: 'insert' | 'discard' | 'fail';
  /** Names and expressions of `let`, without `new`. */
  readonly variables: readonly (readonly [name: string, expression: RawValue])[];
}

const matchedModes = ['merge', 'replace', 'keepExisting', 'fail'] as const;
const unmatchedModes = ['insert', 'discard', 'fail'] as const;

/** Reads and checks the operand. Codes as in `document_source_merge.cpp` of mongodb/mongo. */
export function mergeSpec(operand: RawValue): MergeSpec {
  if (operand.type === bsonTypes.string)
    return { into: operand, on: ['_id'], whenMatched: 'merge', whenNotMatched: 'insert', variables: [] };
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(51182, '$merge only supports a string or object argument');
  const fields = new Map(entriesOf(operand));
  checkNames(fields.keys());
  const into = fields.get('into');
  if (into === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field '$merge.into' is missing but a required field");
  const on = joinFields(fields.get('on'));
  const whenMatched = whenMatchedOf(fields.get('whenMatched'));
  const variables = letFields(fields.get('let'), whenMatched);
  const whenNotMatched = modeOf(fields.get('whenNotMatched'), 'whenNotMatched', unmatchedModes) ?? 'insert';
  return { into, on, whenMatched, whenNotMatched, variables };
}

const fieldNames: ReadonlySet<string> = new Set(['into', 'on', 'let', 'whenMatched', 'whenNotMatched']);

function checkNames(names: Iterable<string>): void {
  for (const name of names) {
    if (!fieldNames.has(name))
      throw new MongoFailure('IDLFailedToParse', `BSON field '$merge.${name}' is an unknown field.`);
  }
}

/** A mode, or the pipeline of an update. */
function whenMatchedOf(value: RawValue | undefined): MergeSpec['whenMatched'] {
  if (value?.type === bsonTypes.array) return value;
  return modeOf(value, 'whenMatched', matchedModes) ?? 'merge';
}

/** The fields that identify a document in the target. */
function joinFields(on: RawValue | undefined): string[] {
  if (on === undefined) return ['_id'];
  if (on.type === bsonTypes.string) return [stringOf(on)];
  if (on.type !== bsonTypes.array)
    throw new MongoFailure(
      51186,
      `$merge 'on' field  must be either a string or an array of strings, but found ${typeNameOf(on)}`,
    );
  const items = itemsOf(on);
  if (items.length === 0)
    throw new MongoFailure(51187, "If explicitly specifying $merge 'on', must include at least one field");
  if (items.some(({ type }) => type !== bsonTypes.string))
    throw new MongoFailure(51134, "$merge 'on' array elements must be strings");
  const names = items.map(stringOf);
  const duplicate = names.find((name, at) => names.indexOf(name) !== at);
  if (duplicate !== undefined) throw new MongoFailure(31465, `Found a duplicate field '${duplicate}'`);
  return names;
}

/** The variables of `let`, which only a pipeline may use. `new` is always the new document. */
function letFields(value: RawValue | undefined, whenMatched: MergeSpec['whenMatched']): MergeSpec['variables'] {
  if (value === undefined) return [];
  if (value.type !== bsonTypes.object)
    throw new MongoFailure(
      'TypeMismatch',
      `BSON field '$merge.let' is the wrong type '${typeNameOf(value)}', expected type 'object'`,
    );
  if (typeof whenMatched === 'string')
    throw new MongoFailure(51199, `Cannot use 'let' variables with 'whenMatched: ${whenMatched}' mode`);
  const entries = entriesOf(value);
  for (const [name, expression] of entries) checkVariable(name, expression);
  return entries.filter(([name]) => name !== 'new');
}

function checkVariable(name: string, expression: RawValue): void {
  checkVariableName(name);
  const isRoot = expression.type === bsonTypes.string && stringOf(expression) === '$$ROOT';
  if (name === 'new' && !isRoot)
    throw new MongoFailure(51273, "'let' may not define a value for the reserved 'new' variable other than '$$ROOT'");
}

function modeOf<Mode extends string>(
  value: RawValue | undefined,
  field: string,
  modes: readonly Mode[],
): Mode | undefined {
  if (value === undefined) return undefined;
  if (value.type !== bsonTypes.string)
    throw new MongoFailure(
      field === 'whenMatched' ? 51191 : 'TypeMismatch',
      `$merge '${field}' field must be a string${field === 'whenMatched' ? ' or an array' : ''}, but found ${typeNameOf(value)}`,
    );
  const text = stringOf(value);
  const mode = modes.find((candidate) => candidate === text);
  if (mode === undefined)
    throw new MongoFailure('BadValue', `Enumeration value '${text}' for field '$merge.${field}' is not a valid value.`);
  return mode;
}
