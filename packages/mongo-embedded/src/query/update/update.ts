import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compareValues } from '../compare.ts';
import type { CompiledFilter } from '../filter.ts';
import { entriesOf, idOf, itemsOf, nameBytes, walkOf } from '../raw-document.ts';
import { compileDocumentPipeline } from '../stages/document-pipeline.ts';
import type { DocumentTransform } from '../stages/document-transform.ts';
import { typeNameOf } from '../type-names.ts';
import type { Variables } from '../variables.ts';
import { type ArrayFilters, compileArrayFilters } from './array-filters.ts';
import { describeChanges, isEmptyChanges } from './change-tree.ts';
import { diffDocuments } from './document-diff.ts';
import { DocumentNode } from './document-node.ts';
import { shown } from './field-modifiers.ts';
import { compileOperators, type OperatorSet } from './operator-set.ts';
import { upsertBase } from './upsert-base.ts';

/** An update as a command gives it. */
export interface UpdateSpec {
  /** A replacement, a document of operators, or an array of pipeline stages. */
  readonly update: RawValue;
  readonly arrayFilters?: readonly Uint8Array[];
  readonly variables: Variables;
  /** Wall time of the command, for `$currentDate`. */
  readonly nowMs: number;
  readonly clusterTime: { readonly seconds: number; readonly increment: number };
}

/** The result of an update. `noop` means that nothing changed: nothing is written or logged. */
export interface UpdateResult {
  readonly kind: 'noop' | 'update' | 'replace';
  readonly document: Uint8Array;
  /** Raw `{ updatedFields, removedFields, truncatedArrays, disambiguatedPaths }` for kind `update`, else null. */
  readonly updateDescription: Uint8Array | null;
}

export interface CompiledUpdate {
  readonly isReplacement: boolean;
  /** `position` is the array position that the filter matched (`CompiledFilter.trace`), or -1. */
  apply(document: Uint8Array, position: number): UpdateResult;
  /** The document that an upsert inserts if nothing matched; without `_id` if neither filter nor update gives one. */
  insertDocument(filter: CompiledFilter): Uint8Array;
}

/**
 * Compiles an update: a replacement, operators, or a pipeline. The result keeps untouched bytes and describes the
 * change exactly as a change event does. Codes are MongoDB's: 9 unknown operator, 14 wrong type, 28 path not viable,
 * 40 conflicting paths, 52 `$` in a replacement, 66 changed `_id`.
 */
export function compileUpdate(spec: UpdateSpec): CompiledUpdate {
  if (spec.update.type === bsonTypes.array) return pipelineUpdate(spec);
  if (spec.update.type !== bsonTypes.object) {
    throw new MongoFailure('FailedToParse', 'Update argument must be either an object or an array');
  }
  const [first] = entriesOf(spec.update);
  if (first?.[0].startsWith('$') === true) return operatorUpdate(spec);
  if ((spec.arrayFilters ?? []).length > 0)
    throw new MongoFailure('FailedToParse', 'arrayFilters may not be specified for replacement-style updates');
  return replacement(spec.update);
}

const idName = nameBytes('_id');

function replacement(update: RawValue): CompiledUpdate {
  const walker = walkOf(update);
  while (walker.next()) {
    const { name } = walker;
    if (name.startsWith('$')) {
      throw new MongoFailure(
        'DollarPrefixedFieldName',
        `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      );
    }
  }
  const fresh = update.span();
  return {
    isReplacement: true,
    apply: (document) => {
      const replaced = withId(fresh, idOf(document));
      return asBuffer(replaced).equals(document)
        ? { kind: 'noop', document, updateDescription: null }
        : { kind: 'replace', document: replaced, updateDescription: null };
    },
    insertDocument: (filter) => {
      const id = filter.equalities.find((equality) => equality.path === '_id');
      return withId(fresh, id?.value);
    },
  };
}

/** The replacement, starting with the `_id` of the replaced document. */
function withId(fresh: Uint8Array, id: RawValue | undefined): Uint8Array {
  const own = idOf(fresh);
  if (own !== undefined && id !== undefined && compareValues(own, id) !== 0) {
    throw new MongoFailure(
      'ImmutableField',
      `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${shown(own)}`,
    );
  }
  const chosen = own ?? id;
  const writer = new BsonWriter(fresh.length + 32);
  if (chosen !== undefined) writer.value('_id', chosen.type, chosen.span());
  const walker = new ElementWalk(fresh);
  while (walker.next()) if (!walker.nameIs(idName)) writer.splice(walker.element);
  return writer.finish();
}

function operatorUpdate(spec: UpdateSpec): CompiledUpdate {
  const filters = compileArrayFilters(spec.arrayFilters ?? []);
  const onUpdate = compileOperators(spec, { isInsert: false, arrayFilters: filters });
  let onInsert: OperatorSet | undefined;
  return {
    isReplacement: false,
    apply: (document, position) => applyOperators(document, onUpdate, { position, filters }),
    insertDocument: (filter) => {
      onInsert ??= compileOperators(spec, { isInsert: true, arrayFilters: filters });
      return applyOperators(upsertBase(filter.equalities), onInsert, { position: -1, filters }).document;
    },
  };
}

interface OperatorContext {
  readonly position: number;
  readonly filters: ArrayFilters;
}

function applyOperators(
  document: Uint8Array,
  operators: OperatorSet,
  { position, filters }: OperatorContext,
): UpdateResult {
  const root = new DocumentNode(documentValue(document));
  const id = idOf(document);
  operators.apply(root, {
    documentLabel: `{_id: ${id === undefined ? 'missing' : shown(id)}}`,
    arrayFilters: filters,
    position,
  });
  const changes = root.documentChanges();
  if (isEmptyChanges(changes)) return { kind: 'noop', document, updateDescription: null };
  refuseOtherId(id, root.get('_id'));
  return { kind: 'update', document: root.toBytes(), updateDescription: describeChanges(changes) };
}

function refuseOtherId(before: RawValue | undefined, after: RawValue | undefined): void {
  if (before === undefined || (after !== undefined && compareValues(before, after) === 0)) return;
  throw new MongoFailure(
    'ImmutableField',
    "Performing an update on the path '_id' would modify the immutable field '_id'",
  );
}

function pipelineUpdate(spec: UpdateSpec): CompiledUpdate {
  if ((spec.arrayFilters ?? []).length > 0)
    throw new MongoFailure('FailedToParse', 'arrayFilters may not be specified for pipeline-syle updates');
  const stages = itemsOf(spec.update);
  for (const stage of stages) checkStage(stage);
  const transform = compileDocumentPipeline(stages, spec.variables);
  return {
    isReplacement: false,
    apply: (document) => applyPipeline(document, transform),
    insertDocument: (filter) => transform(upsertBase(filter.equalities)),
  };
}

const updateStages = ['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith'];

function checkStage(stage: RawValue): void {
  const name = stage.type === bsonTypes.object ? entriesOf(stage)[0]?.[0] : undefined;
  if (name === undefined)
    throw new MongoFailure(
      'TypeMismatch',
      `Each element of the 'pipeline' array must be an object, not ${typeNameOf(stage)}`,
    );
  if (!updateStages.includes(name))
    throw new MongoFailure('InvalidOptions', `${name} is not allowed to be used within an update`);
}

function applyPipeline(document: Uint8Array, transform: DocumentTransform): UpdateResult {
  const id = idOf(document);
  const after = withId(transform(document), id);
  if (asBuffer(after).equals(document)) return { kind: 'noop', document, updateDescription: null };
  const changes = diffDocuments(document, after);
  if (changes === null) return { kind: 'replace', document: after, updateDescription: null };
  return { kind: 'update', document: after, updateDescription: describeChanges(changes) };
}
