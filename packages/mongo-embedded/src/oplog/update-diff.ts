import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { numericOf, toDouble } from '../query/numeric.ts';
import { entriesOf, itemsOf } from '../query/raw-document.ts';

/** The changes of one document or array of an update. */
interface Change {
  isArray: boolean;
  /** The new length of an array that became shorter. */
  length: number | null;
  readonly updated: Map<string, RawValue>;
  readonly removed: string[];
  readonly inner: Map<string, Change>;
}

function newChange(): Change {
  return { isArray: false, length: null, updated: new Map(), removed: [], inner: new Map() };
}

/**
 * An update description as the `o` of an oplog entry: `{ $v: 2, diff }`, with `u` for set fields, `d` for removed ones,
 * `s<name>` for what changed inside, and `a`, `l`, `u<position>` in arrays. Source: `document_diff_serialization.h` of
 * mongodb/mongo.
 */
export function updateDiff(description: Uint8Array): Buffer {
  const parts = new Map(entriesOf(documentValue(description)));
  const ambiguous = new Map(fieldsOf(parts.get('disambiguatedPaths')));
  const namesOf = (path: string): string[] => {
    const known = ambiguous.get(path);
    return known === undefined ? path.split('.') : itemsOf(known).map(nameOf);
  };
  const isPosition = (path: string, at: number, name: string): boolean => {
    const known = ambiguous.get(path);
    return known === undefined ? at > 0 && /^\d+$/.test(name) : itemsOf(known)[at]?.type !== bsonTypes.string;
  };
  const root = newChange();
  const parentOf = (path: string): readonly [Change, string] => {
    const names = namesOf(path);
    const last = names.at(-1) ?? '';
    let change = root;
    for (const [at, name] of names.slice(0, -1).entries()) {
      change.isArray ||= isPosition(path, at, name);
      change = innerOf(change, name);
    }
    change.isArray ||= isPosition(path, names.length - 1, last);
    return [change, last];
  };
  for (const [path, value] of fieldsOf(parts.get('updatedFields'))) {
    const [change, name] = parentOf(path);
    change.updated.set(name, value);
  }
  for (const path of itemsIn(parts.get('removedFields')).map(stringOf)) {
    const [change, name] = parentOf(path);
    change.removed.push(name);
  }
  for (const truncated of itemsIn(parts.get('truncatedArrays'))) {
    const fields = new Map(entriesOf(truncated));
    const [path, size] = [fields.get('field'), fields.get('newSize')];
    if (path === undefined || size === undefined) continue;
    const [change, name] = parentOf(stringOf(path));
    const array = innerOf(change, name);
    array.isArray = true;
    array.length = Number(nameOf(size));
  }
  const writer = new BsonWriter().int32('$v', 2).beginDocument('diff');
  writeChange(writer, root);
  return writer.end().finish();
}

function fieldsOf(value: RawValue | undefined): readonly (readonly [string, RawValue])[] {
  return value?.type === bsonTypes.object ? entriesOf(value) : [];
}

function itemsIn(value: RawValue | undefined): RawValue[] {
  return value?.type === bsonTypes.array ? itemsOf(value) : [];
}

/** A component of a path: a name, or a position as text. */
function nameOf(value: RawValue): string {
  const number = numericOf(value);
  return number === undefined ? stringOf(value) : String(toDouble(number));
}

function innerOf(change: Change, name: string): Change {
  const known = change.inner.get(name);
  if (known !== undefined) return known;
  const made = newChange();
  change.inner.set(name, made);
  return made;
}

function writeChange(writer: BsonWriter, { isArray, length, updated, removed, inner }: Change): void {
  if (isArray) writer.boolean('a', true);
  if (length !== null) writer.int32('l', length);
  if (removed.length > 0) {
    writer.beginDocument('d');
    for (const name of removed) writer.boolean(name, false);
    writer.end();
  }
  if (isArray) writeValues(writer, updated, 'u');
  else if (updated.size > 0) writeValues(writer.beginDocument('u'), updated, '').end();
  for (const [name, change] of inner) {
    writer.beginDocument(`s${name}`);
    writeChange(writer, change);
    writer.end();
  }
}

function writeValues(writer: BsonWriter, values: ReadonlyMap<string, RawValue>, prefix: string): BsonWriter {
  for (const [name, value] of values) writer.value(`${prefix}${name}`, value.type, value.span());
  return writer;
}
