import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import { type CompiledFilter, compileFilter } from '../query/filter.ts';
import { isNumberType } from '../query/numeric.ts';
import { stageOf } from '../query/pipeline.ts';
import { entriesOf, itemsOf } from '../query/raw-document.ts';
import { compileTransform } from '../query/stages/document-pipeline.ts';
import { compileRedact } from '../query/stages/redact.ts';
import { isTruthy } from '../query/truth.ts';
import type { Variables } from '../query/variables.ts';
import { asksForImages, isNamespaceFilter, NamespaceFilter } from './namespace-filter.ts';

/** Transforms or drops one event. */
type Step = (event: Uint8Array) => Uint8Array | undefined;

/** The stages after `$changeStream`, grouped by the input that they need. */
export interface EventPipeline {
  /** Leading filters on namespace and operation type, applied before the event is built. */
  readonly namespaceFilters: readonly NamespaceFilter[];
  /** Leading filters on the event without images, applied before images are looked up. */
  readonly earlyFilters: readonly CompiledFilter[];
  /** All leading filters compiled for a complete event. Used for events that also need data from outside their history entry. */
  readonly leadingFilters: readonly CompiledFilter[];
  /**
   * Top-level fields dropped by a final exclusion that is the only transform. They are not written at all unless a
   * filter reads them.
   */
  readonly omitted: ReadonlySet<string>;
  /** The transforms that remain for an event written without the omitted fields. */
  readonly steps: readonly Step[];
  /** All stages after the leading filters, for a complete event. */
  readonly wholeSteps: readonly Step[];
  readonly splitsLargeEvents: boolean;
}

const allowedStages: readonly string[] = [
  '$match',
  '$project',
  '$addFields',
  '$set',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
  '$redact',
];

const splitStage = '$changeStreamSplitLargeEvent';

/** Stages that exist in MongoDB but not in a change stream. */
const otherStages: ReadonlySet<string> = new Set(
  'bucket bucketAuto collStats count currentOp densify documents facet fill geoNear graphLookup group indexStats limit listSessions lookup merge out planCacheStats sample setWindowFields skip sort sortByCount unionWith unwind'
    .split(' ')
    .map((name) => `$${name}`),
);

/**
 * Compiles the stages after `$changeStream`. Codes: IllegalOperation 20 for a stage that change streams do not
 * support, 40324 for an unknown stage, 40602 for a second `$changeStream`, 7182802 for a split stage that is not the
 * last. Source: the manual's page "Change Streams", "Modify Change Stream Output".
 */
export function compileEventPipeline(stages: readonly RawValue[], variables: Variables): EventPipeline {
  const named = stages.map(stageOf);
  for (const [name] of named) refuseStage(name);
  const splitAt = named.findIndex(([name]) => name === splitStage);
  if (splitAt >= 0) checkSplit(named, splitAt);
  const own = splitAt < 0 ? named : named.slice(0, splitAt);
  const firstOther = own.findIndex(
    ([name, operand]) => name !== '$match' || operand.type !== bsonTypes.object || asksForImages(operand.span()),
  );
  const leading = (firstOther < 0 ? own : own.slice(0, firstOther)).map(([, operand]) => operand);
  const rest = firstOther < 0 ? [] : own.slice(firstOther);
  const earlyFilters = leading.filter((filter) => !isNamespaceFilter(filter));
  const omitted = earlyFilters.length === 0 ? omittedBy(rest) : undefined;
  const wholeSteps = rest.map(([name, operand]) => compileStep(name, operand, variables));
  return {
    namespaceFilters: leading.filter(isNamespaceFilter).map((filter) => new NamespaceFilter(filter.span())),
    earlyFilters: earlyFilters.map((filter) => compileFilter(filter.span(), variables)),
    leadingFilters: leading.map((filter) => compileFilter(filter.span(), variables)),
    omitted: omitted ?? new Set(),
    steps: omitted === undefined ? wholeSteps : [],
    wholeSteps,
    splitsLargeEvents: splitAt >= 0,
  };
}

function refuseStage(name: string): void {
  if (allowedStages.includes(name) || name === splitStage) return;
  if (name === '$changeStream')
    throw new MongoFailure(40602, '$changeStream is only valid as the first stage in a pipeline');
  if (otherStages.has(name))
    throw new MongoFailure('IllegalOperation', `${name} is not permitted in a $changeStream pipeline`);
  throw new MongoFailure(40324, `Unrecognized pipeline stage name: '${name}'`);
}

function checkSplit(named: readonly (readonly [string, RawValue])[], at: number): void {
  const operand = named[at]?.[1];
  if (operand?.type !== bsonTypes.object || entriesOf(operand).length > 0) {
    throw new MongoFailure(7182800, `${splitStage} spec should be an empty object`);
  }
  if (at !== named.length - 1) throw new MongoFailure(7182802, `${splitStage} must be the last stage in the pipeline`);
}

function compileStep(name: string, operand: RawValue, variables: Variables): Step {
  if (name === '$match') {
    if (operand.type !== bsonTypes.object)
      throw new MongoFailure(15959, 'the match filter must be an expression in an object');
    const filter = compileFilter(operand.span(), variables);
    return (event) => (filter.matches(event) ? event : undefined);
  }
  if (name === '$redact') return compileRedact(operand, variables);
  const transform = compileTransform(name, operand, variables);
  if (transform === undefined)
    throw new MongoFailure('IllegalOperation', `${name} is not permitted in a $changeStream pipeline`);
  return transform;
}

/** Fields that can be omitted instead of written and then dropped. */
const omittable: ReadonlySet<string> = new Set([
  'updateDescription',
  'fullDocument',
  'fullDocumentBeforeChange',
  'wallTime',
  'lsid',
  'txnNumber',
  'documentKey',
  'operationDescription',
  'collectionUUID',
]);

/**
 * The fields that the stages drop if they are a single plain exclusion of such fields; empty if there are no stages.
 */
function omittedBy(stages: readonly (readonly [string, RawValue])[]): Set<string> | undefined {
  const [stage, ...more] = stages;
  if (stage === undefined) return new Set();
  if (more.length > 0) return undefined;
  const names = excludedNames(stage[0], stage[1]);
  return names?.every((name) => omittable.has(name)) === true ? new Set(names) : undefined;
}

function excludedNames(name: string, operand: RawValue): string[] | undefined {
  if (name === '$unset') return unsetNames(operand);
  if (name !== '$project' || operand.type !== bsonTypes.object) return undefined;
  const entries = entriesOf(operand);
  const isExclusion = entries.length > 0 && entries.every(([, value]) => isOff(value));
  return isExclusion ? entries.map(([field]) => field) : undefined;
}

function unsetNames(operand: RawValue): string[] | undefined {
  const paths = operand.type === bsonTypes.array ? itemsOf(operand) : [operand];
  return paths.every((path) => path.type === bsonTypes.string) ? paths.map(stringOf) : undefined;
}

/** Whether a projection drops the field: 0 or false. */
function isOff(value: RawValue): boolean {
  return (isNumberType(value.type) || value.type === bsonTypes.boolean) && !isTruthy(value);
}
