import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, nullValue, type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compileExpression } from '../expression/compile-expression.ts';
import { arrayOf, bind, scopeWith, valueAt } from '../expression/expression.ts';
import { compileFilter } from '../filter.ts';
import { entriesOf, itemsOf, pathBytes } from '../raw-document.ts';
import { typeNameOf } from '../type-names.ts';
import { checkVariableName } from '../variables.ts';
import { drain, expanded } from './paced.ts';
import type { PipelineContext } from './pipeline-context.ts';
import type { Documents, Stage } from './stage.ts';
import { withField } from './with-field.ts';

const lookupFields = ['from', 'localField', 'foreignField', 'as', 'let', 'pipeline'];

/** The paths whose values must be equal. */
interface Equality {
  readonly local: string;
  readonly foreign: string;
}

interface LookupSpec {
  readonly from: string;
  readonly as: string;
  /** Null if the pipeline alone decides which documents match. */
  readonly equality: Equality | null;
}

/** `$lookup` by equality, by a pipeline with `let`, or both. */
export function compileLookup(operand: RawValue, context: PipelineContext): Stage {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure('FailedToParse', 'the $lookup specification must be an Object');
  const fields = new Map(entriesOf(operand));
  for (const name of fields.keys())
    if (!lookupFields.includes(name)) throw new MongoFailure('FailedToParse', `unknown argument to $lookup: ${name}`);
  const { from, as, equality } = lookupSpec(fields);
  const join = joinOf(fields, context);
  const path = as.split('.');
  return (source) =>
    expanded(source, function* lookup(document) {
      const equal = equality === null ? undefined : foreignFilter(document, equality);
      const matches: Uint8Array[] = [];
      yield* drain(join(document, filtered(context.documents(from), equal)), (match) => matches.push(match));
      yield withField(document, path, arrayOf(matches.map(documentValue)));
    });
}

function lookupSpec(spec: ReadonlyMap<string, RawValue>): LookupSpec {
  const [from, as] = [text(spec, 'from'), text(spec, 'as')];
  const hasFields = spec.has('localField') || spec.has('foreignField');
  if (as === undefined || (!hasFields && !spec.has('pipeline')))
    throw new MongoFailure(
      'FailedToParse',
      "must specify 'as' field and either 'pipeline' or both 'localField' and 'foreignField' for a $lookup",
    );
  if (from === undefined) throw new MongoFailure('FailedToParse', "must specify 'from' field for a $lookup");
  return { from, as, equality: hasFields ? equalityOf(spec) : null };
}

function equalityOf(spec: ReadonlyMap<string, RawValue>): Equality {
  const [local, foreign] = [text(spec, 'localField'), text(spec, 'foreignField')];
  if (local !== undefined && foreign !== undefined) return { local, foreign };
  throw new MongoFailure(
    'FailedToParse',
    '$lookup requires both or neither of localField and foreignField to be specified',
  );
}

function text(spec: ReadonlyMap<string, RawValue>, name: string): string | undefined {
  const value = spec.get(name);
  if (value === undefined) return undefined;
  if (value.type !== bsonTypes.string)
    throw new MongoFailure('FailedToParse', `$lookup argument '${name}: must be a string`);
  return stringOf(value);
}

function joinOf(
  spec: ReadonlyMap<string, RawValue>,
  context: PipelineContext,
): (document: Uint8Array, foreign: Documents) => Documents {
  const stages = spec.get('pipeline');
  const letSpec = spec.get('let');
  checkLet(letSpec, stages);
  checkPipeline(stages);
  if (stages === undefined) return (_document, foreign) => foreign;
  const { variables } = context;
  const bound =
    letSpec === undefined
      ? []
      : entriesOf(letSpec).map(
          ([name, value]) => [name, compileExpression(value, scopeWith(variables.names))] as const,
        );
  const names = [...variables.names, ...bound.map(([name]) => name)];
  return (document, foreign) => {
    const environment = { root: documentValue(document), bindings: variables.bindings };
    let bindings = variables.bindings;
    for (const [name, expression] of bound) bindings = bind(bindings, name, expression(environment));
    return context.compile(itemsOf(stages), { ...context, variables: { names, bindings } })(foreign);
  };
}

function checkLet(letSpec: RawValue | undefined, stages: RawValue | undefined): void {
  if (letSpec === undefined) return;
  if (letSpec.type !== bsonTypes.object)
    throw new MongoFailure(
      'FailedToParse',
      `$lookup argument 'let: ${typeNameOf(letSpec)}' must be an object, is type ${typeNameOf(letSpec)}`,
    );
  if (stages === undefined)
    throw new MongoFailure('FailedToParse', "$lookup requires 'pipeline' when 'let' is specified");
  for (const [name] of entriesOf(letSpec)) checkVariableName(name);
}

function checkPipeline(stages: RawValue | undefined): void {
  if (stages === undefined) return;
  if (stages.type !== bsonTypes.array) throw new MongoFailure('TypeMismatch', 'A pipeline must be an array of objects');
  for (const stage of itemsOf(stages)) {
    if (stage.type !== bsonTypes.object)
      throw new MongoFailure('TypeMismatch', "Each element of the 'pipeline' array must be an object");
  }
}

/** Equality as `$lookup` means it: an array matches by each of its items, missing matches null and missing. */
function foreignFilter(document: Uint8Array, { local, foreign }: Equality): Uint8Array {
  const value = valueAt(documentValue(document), pathBytes(local)) ?? nullValue;
  const values = value.type === bsonTypes.array ? itemsOf(value) : [value];
  const writer = new BsonWriter().beginDocument(foreign).beginArray('$in');
  for (const [index, item] of values.entries()) writer.value(String(index), item.type, item.span());
  return writer.finish();
}

function* filtered(documents: Documents, filter: Uint8Array | undefined): Documents {
  const compiled = filter === undefined ? undefined : compileFilter(filter);
  for (const document of documents)
    if (document === null || compiled === undefined || compiled.matches(document)) yield document;
}
