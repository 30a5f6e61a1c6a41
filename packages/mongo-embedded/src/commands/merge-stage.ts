import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { serialize } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import { compileExpression } from '../query/expression/compile-expression.ts';
import { bind, scopeWith, valueAt } from '../query/expression/expression.ts';
import { orderKey } from '../query/order-key.ts';
import { idOf, pathBytes } from '../query/raw-document.ts';
import { compileUpdate } from '../query/update/update.ts';
import type { Variables } from '../query/variables.ts';
import type { Collection } from '../storage/catalog.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import { duplicateKey } from '../storage/duplicate-key.ts';
import type { IndexTable } from '../storage/index-table.ts';
import type { CommandContext } from './command.ts';
import { variablesOf } from './find-options.ts';
import { type MergeSpec, mergeSpec } from './merge-spec.ts';
import { retryWhenUnlocked } from './retry-when-unlocked.ts';
import { checkDocumentSize, type StoredForm, storedForm } from './stored-form.ts';
import { writeTargetOf } from './write-target.ts';

/** `$merge`. Source: manual, "$merge". */
export async function runMerge(
  context: CommandContext,
  operand: RawValue,
  documents: readonly Uint8Array[],
): Promise<void> {
  const spec = mergeSpec(operand);
  const target = writeTargetOf(context, spec.into, '$merge');
  const { access, server } = context;
  joinIndex(access.collection(target.database, target.name), spec);
  for (const document of documents) {
    if (context.turns.isOver) await context.turns.next();
    const form = storedForm(document, () => server.store.clusterClock.tick());
    const mergeNow = (): void =>
      mergeOne(context, { collection: access.collectionForWrite(target.database, target.name), document, form, spec });
    try {
      mergeNow();
    } catch (error) {
      await retryWhenUnlocked(context, error, mergeNow);
    }
  }
}

/** The unique index over the fields of `on`; null for that of `_id`. Throws 51183 if there is none. */
function joinIndex(collection: Collection | undefined, { on }: MergeSpec): IndexTable | null {
  if (on.length === 1 && on[0] === '_id') return null;
  const index = collection?.indexes.find((candidate) => isUniqueOver(candidate, on));
  if (index !== undefined) return index;
  throw new MongoFailure(51183, 'Cannot find index to verify that join fields will be unique');
}

function isUniqueOver({ isUnique, partial, paths, state }: IndexTable, on: readonly string[]): boolean {
  const isWhole = isUnique && partial === null && state.isReady;
  return isWhole && paths.length === on.length && paths.every(({ path }) => on.includes(path));
}

interface MergeItem {
  readonly collection: Collection;
  /** As the pipeline made it. */
  readonly document: Uint8Array;
  /** With an `_id`. */
  readonly form: StoredForm;
  readonly spec: MergeSpec;
}

function mergeOne(context: CommandContext, item: MergeItem): void {
  const { access } = context;
  const { form, spec } = item;
  const index = joinIndex(item.collection, spec);
  const stored = index === null ? byId(context, item) : byIndex(item, index);
  if (stored !== undefined) mergeInto(context, stored, { ...item, index });
  else if (spec.whenNotMatched === 'insert') access.insert(item.collection, form, access.stamp());
  else if (spec.whenNotMatched === 'fail')
    throw new MongoFailure(
      13113,
      '$merge could not find a matching document in the target collection for at least one document in the source collection',
    );
}

function byId({ access }: CommandContext, { collection, form }: MergeItem): StoredDocument | undefined {
  const id = idOf(form.bytes);
  return id === undefined ? undefined : access.get(collection, orderKey(id));
}

function byIndex({ collection, form, spec }: MergeItem, index: IndexTable): StoredDocument | undefined {
  for (const path of spec.on) checkJoinField(form.bytes, path);
  const [key] = index.keysOf(form.bytes);
  const row = key === undefined ? undefined : index.find(key);
  return row === undefined ? undefined : collection.table.getRow(row);
}

const notJoined: ReadonlySet<number> = new Set([bsonTypes.null, bsonTypes.undefined, bsonTypes.array]);

function checkJoinField(document: Uint8Array, path: string): void {
  const value = valueAt(documentValue(document), pathBytes(path));
  if (value !== undefined && !notJoined.has(value.type)) return;
  throw new MongoFailure(
    51132,
    `$merge write error: 'on' field '${path}' cannot be missing, null, undefined or an array`,
  );
}

/** `whenMatched: 'merge'`: the fields of the new document replace those of the old. */
const mergeStages = rawValue(
  bsonTypes.array,
  serialize({ 0: { $replaceWith: { $mergeObjects: ['$$ROOT', '$$new'] } } }),
);

function mergeInto(
  context: CommandContext,
  stored: StoredDocument,
  { collection, document, form, spec, index }: MergeItem & { readonly index: IndexTable | null },
): void {
  if (spec.whenMatched === 'keepExisting') return;
  if (spec.whenMatched === 'fail') {
    const { message, details } = duplicateKey(collection, index, form.bytes);
    throw new MongoFailure(
      'DuplicateKey',
      `$merge failed due to a DuplicateKey error :: caused by :: ${message}`,
      details,
    );
  }
  const { server } = context;
  // An _id that was made for an insert must not replace the one of the match.
  const fresh = documentValue(spec.on.includes('_id') ? form.bytes : document);
  const result = compileUpdate({
    update: updateOf(spec.whenMatched, fresh),
    variables: mergeVariables(variablesOf(context), spec, fresh),
    nowMs: server.clock.nowMs(),
    clusterTime: server.store.clusterClock.current,
  }).apply(stored.document, -1);
  if (result.kind === 'noop') return;
  checkDocumentSize(result.document);
  context.access.replace(collection, stored, {
    document: result.document,
    kind: result.kind,
    updateDescription: result.updateDescription,
  });
}

function updateOf(whenMatched: 'merge' | 'replace' | RawValue, fresh: RawValue): RawValue {
  if (whenMatched === 'replace') return fresh;
  return whenMatched === 'merge' ? mergeStages : whenMatched;
}

/** The command's variables, `new`, and those of `let`, whose expressions read the new document. */
function mergeVariables(own: Variables, { variables }: MergeSpec, fresh: RawValue): Variables {
  const environment = { root: fresh, bindings: own.bindings };
  let bindings = bind(own.bindings, 'new', fresh);
  for (const [name, expression] of variables) {
    bindings = bind(bindings, name, compileExpression(expression, scopeWith(own.names))(environment));
  }
  return { names: [...own.names, 'new', ...variables.map(([name]) => name)], bindings };
}
