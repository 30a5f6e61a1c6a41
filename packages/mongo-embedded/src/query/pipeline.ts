import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, int32Value, type RawValue, stringOf, stringValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { arrayOf, documentOf } from './expression/expression.ts';
import { type CompiledFilter, compileFilter } from './filter.ts';
import { entriesOf, itemsOf } from './raw-document.ts';
import { compileBucket } from './stages/bucket.ts';
import { compileTransform } from './stages/document-pipeline.ts';
import { compileGroup } from './stages/group.ts';
import { compileLookup } from './stages/lookup.ts';
import { drain, paced } from './stages/paced.ts';
import type { PipelineContext } from './stages/pipeline-context.ts';
import { compileRedact } from './stages/redact.ts';
import {
  compileCount,
  compileLimit,
  compileMatch,
  compileSample,
  compileSkip,
  compileSortStage,
} from './stages/small-stages.ts';
import type { Documents, Stage } from './stages/stage.ts';
import { compileUnwind } from './stages/unwind.ts';
import { typeNameOf } from './type-names.ts';
import type { Variables } from './variables.ts';

/** A pipeline ready to run over the documents of a collection. */
export interface CompiledPipeline {
  /** The filter of a leading `$match`, which narrows the scan; the stage itself still runs. */
  readonly leadingFilter: CompiledFilter | null;
  run(source: Documents): Documents;
}

/**
 * Compiles the stages of an aggregate command. An unknown stage fails with 40324; a MongoDB stage that is not
 * supported here, with CommandNotSupported 115. The command must remove `$changeStream` and `$collStats` first.
 */
export function compilePipeline(
  stages: readonly RawValue[],
  context: { readonly variables: Variables; documents(collection: string): Documents },
): CompiledPipeline {
  const whole: PipelineContext = {
    variables: context.variables,
    documents: (name) => context.documents(name),
    compile: compileStages,
  };
  const run = compileStages(stages, whole);
  const [first] = stages;
  const leading = first?.type === bsonTypes.object ? entriesOf(first)[0] : undefined;
  const isMatch = leading?.[0] === '$match' && leading[1].type === bsonTypes.object;
  return { leadingFilter: isMatch ? compileFilter(leading[1].span(), context.variables) : null, run };
}

function compileStages(stages: readonly RawValue[], context: PipelineContext): Stage {
  const compiled = stages.map((stage) => {
    const [name, operand] = stageOf(stage);
    return compileStage(name, operand, context);
  });
  return (source) => compiled.reduce<Documents>((documents, stage) => stage(paced(documents)), source);
}

/** The name and operand of a stage, which is a document of exactly one field. */
export function stageOf(stage: RawValue): readonly [name: string, operand: RawValue] {
  if (stage.type !== bsonTypes.object)
    throw new MongoFailure('TypeMismatch', `Each element of the 'pipeline' array must be an object`);
  const [entry, ...more] = entriesOf(stage);
  if (entry === undefined || more.length > 0)
    throw new MongoFailure(40323, 'A pipeline stage specification object must contain exactly one field.');
  return entry;
}

const unsupportedStages = new Set([
  '$bucketAuto',
  '$currentOp',
  '$densify',
  '$fill',
  '$geoNear',
  '$graphLookup',
  '$indexStats',
  '$listClusterCatalog',
  '$listLocalSessions',
  '$listSampledQueries',
  '$listSearchIndexes',
  '$listSessions',
  '$merge',
  '$out',
  '$planCacheStats',
  '$queryStats',
  '$querySettings',
  '$rankFusion',
  '$score',
  '$scoreFusion',
  '$search',
  '$searchMeta',
  '$setWindowFields',
  '$shardedDataDistribution',
  '$vectorSearch',
]);

function compileStage(name: string, operand: RawValue, context: PipelineContext): Stage {
  const transform = compileTransform(name, operand, context.variables);
  if (transform !== undefined) return (source) => mapped(source, transform);
  switch (name) {
    case '$match':
      return compileMatch(operand, context.variables);
    case '$sort':
      return compileSortStage(operand);
    case '$limit':
      return compileLimit(operand);
    case '$skip':
      return compileSkip(operand);
    case '$count':
      return compileCount(operand);
    case '$sample':
      return compileSample(operand);
    case '$group':
      return compileGroup(operand, context.variables);
    case '$unwind':
      return compileUnwind(operand);
    case '$lookup':
      return compileLookup(operand, context);
    case '$redact': {
      const redact = compileRedact(operand, context.variables);
      return (source) => kept(source, redact);
    }
    case '$sortByCount':
      return sortByCount(operand, context);
    case '$bucket':
      return compileBucket(operand, context.variables);
    case '$facet':
      return facet(operand, context);
    case '$unionWith':
      return unionWith(operand, context);
    case '$documents':
      return documents(operand, context);
    case '$changeStream':
      throw new MongoFailure(40602, '$changeStream is only valid as the first stage in a pipeline');
    case '$changeStreamSplitLargeEvent':
      throw new MongoFailure('IllegalOperation', `${name} can only be used in a $changeStream pipeline`);
    default:
      if (unsupportedStages.has(name))
        throw new MongoFailure('CommandNotSupported', `The stage ${name} is not supported by this server`);
      throw new MongoFailure(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
}

function* mapped(source: Documents, transform: (document: Uint8Array) => Uint8Array): Documents {
  for (const document of source) yield document === null ? null : transform(document);
}

function* kept(source: Documents, keep: (document: Uint8Array) => Uint8Array | undefined): Documents {
  for (const document of source) {
    const result = document === null ? null : keep(document);
    if (result !== undefined) yield result;
  }
}

function sortByCount(operand: RawValue, context: PipelineContext): Stage {
  const one = documentOf([['$sum', int32Value(1)]]);
  const group = compileGroup(
    documentOf([
      ['_id', operand],
      ['count', one],
    ]),
    context.variables,
  );
  const sort = compileSortStage(documentOf([['count', int32Value(-1)]]));
  return (source) => sort(group(source));
}

function facet(operand: RawValue, context: PipelineContext): Stage {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(40169, 'the $facet specification must be a non-empty object');
  const branches = entriesOf(operand).map(([name, stages]) => {
    if (stages.type !== bsonTypes.array)
      throw new MongoFailure(40170, `arguments to $facet must be arrays, ${name} is type ${typeNameOf(stages)}`);
    return [name, compileStages(itemsOf(stages), context)] as const;
  });
  return function* faceted(source) {
    const all: Uint8Array[] = [];
    yield* drain(source, (document) => all.push(document));
    const writer = new BsonWriter();
    for (const [name, stage] of branches) {
      const results: Uint8Array[] = [];
      yield* drain(stage(all), (document) => results.push(document));
      writer.value(name, bsonTypes.array, arrayOf(results.map(documentValue)).span());
    }
    yield writer.finish();
  };
}

function unionWith(operand: RawValue, context: PipelineContext): Stage {
  const spec = operand.type === bsonTypes.object ? new Map(entriesOf(operand)) : new Map([['coll', operand]]);
  const name = spec.get('coll') ?? stringValue('');
  if (name.type !== bsonTypes.string)
    throw new MongoFailure('TypeMismatch', "BSON field '$unionWith.coll' is the wrong type, expected type 'string'");
  const pipeline = spec.get('pipeline');
  const stage = pipeline === undefined ? undefined : compileStages(itemsOf(pipeline), context);
  return function* union(source) {
    yield* source;
    const others = context.documents(stringOf(name));
    yield* stage === undefined ? others : stage(others);
  };
}

function documents(operand: RawValue, context: PipelineContext): Stage {
  const literal = documentOf([['documents', operand]]);
  const evaluate = compileTransform('$replaceWith', literal, context.variables);
  return function* given() {
    const [entry] = evaluate === undefined ? [] : entriesOf(documentValue(evaluate(new BsonWriter().finish())));
    if (entry !== undefined) yield* objectsIn(entry[1]);
  };
}

function* objectsIn(list: RawValue): Documents {
  for (const item of itemsOf(list)) {
    if (item.type !== bsonTypes.object)
      throw new MongoFailure(40228, `$documents must be an array of objects, but found ${typeNameOf(item)}`);
    yield item.span();
  }
}
