import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, int64Value, nullValue, type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { isPresent } from '../expression/operator.ts';
import { entriesOf, itemsOf, pathBytes, valueAtPath } from '../raw-document.ts';
import { isTruthy } from '../truth.ts';
import { typeNameOf } from '../type-names.ts';
import { DocumentNode } from '../update/document-node.ts';
import { expanded } from './paced.ts';
import type { Stage } from './stage.ts';
import { withField } from './with-field.ts';

interface UnwindSpec {
  readonly path: readonly string[];
  readonly indexField: readonly string[] | null;
  readonly keepsEmpty: boolean;
}

/** `$unwind`: one document for every item of an array; a value that is no array counts as its only item. */
export function compileUnwind(operand: RawValue): Stage {
  const spec = unwindSpec(operand);
  const names = pathBytes(spec.path.join('.'));
  return (source) =>
    expanded(source, (document) => {
      const value = valueAtPath(documentValue(document), names);
      if (value?.type === bsonTypes.array) return unwound(document, itemsOf(value), spec);
      return isPresent(value) || spec.keepsEmpty ? [indexed(document, spec, nullValue)] : [];
    });
}

function* unwound(document: Uint8Array, items: readonly RawValue[], spec: UnwindSpec): Iterable<Uint8Array> {
  if (items.length === 0 && spec.keepsEmpty) yield indexed(replaced(document, spec.path, undefined), spec, nullValue);
  for (const [position, item] of items.entries()) {
    yield indexed(replaced(document, spec.path, item), spec, int64Value(BigInt(position)));
  }
}

function replaced(document: Uint8Array, path: readonly string[], value: RawValue | undefined): Uint8Array {
  const root = new DocumentNode(documentValue(document));
  let node: DocumentNode | undefined = root;
  for (const name of path.slice(0, -1)) node = node?.open(name);
  const last = path.at(-1) ?? '';
  if (value === undefined) node?.remove(last);
  else node?.set(last, value);
  return root.toBytes();
}

function indexed(document: Uint8Array, spec: UnwindSpec, index: RawValue): Uint8Array {
  return spec.indexField === null ? document : withField(document, spec.indexField, index);
}

function unwindSpec(operand: RawValue): UnwindSpec {
  if (operand.type === bsonTypes.string) return { path: unwindPath(operand), indexField: null, keepsEmpty: false };
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(15981, 'expected either a string or an object as specification for $unwind stage');
  const options = new Map(entriesOf(operand));
  for (const name of options.keys()) {
    if (!['path', 'includeArrayIndex', 'preserveNullAndEmptyArrays'].includes(name))
      throw new MongoFailure(28811, `unrecognized option to $unwind stage: ${name}`);
  }
  const path = options.get('path');
  if (path === undefined) throw new MongoFailure(28812, 'no path specified to $unwind stage');
  const keepsEmpty = options.get('preserveNullAndEmptyArrays');
  if (keepsEmpty !== undefined && keepsEmpty.type !== bsonTypes.boolean)
    throw new MongoFailure(
      28809,
      `expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got ${typeNameOf(keepsEmpty)}`,
    );
  return {
    path: unwindPath(path),
    indexField: indexField(options.get('includeArrayIndex')),
    keepsEmpty: isTruthy(keepsEmpty),
  };
}

function indexField(index: RawValue | undefined): readonly string[] | null {
  if (index === undefined) return null;
  const name = index.type === bsonTypes.string ? stringOf(index) : '';
  if (name === '')
    throw new MongoFailure(
      28810,
      `expected a non-empty string for the includeArrayIndex  option to $unwind stage, got ${typeNameOf(index)}`,
    );
  if (name.startsWith('$'))
    throw new MongoFailure(
      28822,
      `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${name}`,
    );
  return name.split('.');
}

function unwindPath(path: RawValue): string[] {
  if (path.type !== bsonTypes.string) throw new MongoFailure(28808, 'expected a string as the path for $unwind stage');
  const text = stringOf(path);
  if (text === '' || text === '$') throw new MongoFailure(28812, 'no path specified to $unwind stage');
  if (!text.startsWith('$'))
    throw new MongoFailure(28818, `path option to $unwind stage should be prefixed with a '$': ${text}`);
  return text.slice(1).split('.');
}
