import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue, rawValue, stringOf } from '@emcachers/bson/raw-value';
import { serialize } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import { bind } from '../query/expression/expression.ts';
import { orderKey } from '../query/order-key.ts';
import { entriesOf, idOf, itemsOf } from '../query/raw-document.ts';
import { typeNameOf } from '../query/type-names.ts';
import { compileUpdate } from '../query/update/update.ts';
import type { Variables } from '../query/variables.ts';
import type { Collection } from '../storage/catalog.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import { duplicateKey } from '../storage/duplicate-key.ts';
import type { CommandContext } from './command.ts';
import { variablesOf } from './find-options.ts';
import { retryWhenUnlocked } from './retry-when-unlocked.ts';
import { checkDocumentSize, type StoredForm, storedForm } from './stored-form.ts';
import { writeTargetOf } from './write-target.ts';

interface MergeSpec {
  readonly into: RawValue;
  readonly whenMatched: 'merge' | 'replace' | 'keepExisting' | 'fail' | RawValue;
  readonly whenNotMatched: 'insert' | 'discard' | 'fail';
}

const matchedModes = ['merge', 'replace', 'keepExisting', 'fail'] as const;
const unmatchedModes = ['insert', 'discard', 'fail'] as const;

/** `$merge` by `_id`, without `let`. Source: manual, "$merge". */
export async function runMerge(
  context: CommandContext,
  operand: RawValue,
  documents: readonly Uint8Array[],
): Promise<void> {
  const spec = mergeSpec(operand);
  const target = writeTargetOf(context, spec.into, '$merge');
  const { access, server } = context;
  for (const document of documents) {
    if (context.turns.isOver) await context.turns.next();
    const collection = access.collectionForWrite(target.database, target.name);
    const form = storedForm(document, () => server.store.clusterClock.tick());
    try {
      mergeOne(context, { collection, form, spec });
    } catch (error) {
      await retryWhenUnlocked(context, error, () =>
        mergeOne(context, { collection: access.collectionForWrite(target.database, target.name), form, spec }),
      );
    }
  }
}

function mergeSpec(operand: RawValue): MergeSpec {
  if (operand.type === bsonTypes.string) return { into: operand, whenMatched: 'merge', whenNotMatched: 'insert' };
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(51182, '$merge only supports a string or object argument');
  const fields = new Map(entriesOf(operand));
  checkNames(fields.keys());
  const into = fields.get('into');
  if (into === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field '$merge.into' is missing but a required field");
  checkOn(fields.get('on'));
  if (!isById(fields.get('on')) || fields.has('let')) {
    throw new MongoFailure(
      'CommandNotSupported',
      "$merge with 'let', or 'on' other fields than _id, is not supported by this server",
    );
  }
  return {
    into,
    whenMatched: whenMatchedOf(fields.get('whenMatched')),
    whenNotMatched: modeOf(fields.get('whenNotMatched'), 'whenNotMatched', unmatchedModes) ?? 'insert',
  };
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

function checkOn(on: RawValue | undefined): void {
  if (on === undefined || on.type === bsonTypes.string) return;
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
}

function isById(on: RawValue | undefined): boolean {
  if (on === undefined) return true;
  const names = on.type === bsonTypes.array ? itemsOf(on) : [on];
  return names.length === 1 && names.every((name) => name.type === bsonTypes.string && stringOf(name) === '_id');
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

interface MergeItem {
  readonly collection: Collection;
  readonly form: StoredForm;
  readonly spec: MergeSpec;
}

function mergeOne(context: CommandContext, { collection, form, spec }: MergeItem): void {
  const { access } = context;
  const id = idOf(form.bytes);
  const stored = id === undefined ? undefined : access.get(collection, orderKey(id));
  if (stored !== undefined) mergeInto(context, stored, { collection, form, spec });
  else if (spec.whenNotMatched === 'insert') access.insert(collection, form, access.stamp());
  else if (spec.whenNotMatched === 'fail')
    throw new MongoFailure(
      13113,
      '$merge could not find a matching document in the target collection for at least one document in the source collection',
    );
}

/** `whenMatched: 'merge'`: the fields of the new document replace those of the old. */
const mergeStages = rawValue(
  bsonTypes.array,
  serialize({ 0: { $replaceWith: { $mergeObjects: ['$$ROOT', '$$new'] } } }),
);

function mergeInto(context: CommandContext, stored: StoredDocument, { collection, form, spec }: MergeItem): void {
  const { whenMatched } = spec;
  if (whenMatched === 'keepExisting') return;
  if (whenMatched === 'fail') {
    const { message, details } = duplicateKey(collection, null, form.bytes);
    throw new MongoFailure(
      'DuplicateKey',
      `$merge failed due to a DuplicateKey error :: caused by :: ${message}`,
      details,
    );
  }
  const { server } = context;
  const fresh = documentValue(form.bytes);
  const update = whenMatched === 'replace' ? fresh : whenMatched === 'merge' ? mergeStages : whenMatched;
  const result = compileUpdate({
    update,
    variables: withNew(variablesOf(context), fresh),
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

function withNew(variables: Variables, fresh: RawValue): Variables {
  return { names: [...variables.names, 'new'], bindings: bind(variables.bindings, 'new', fresh) };
}
