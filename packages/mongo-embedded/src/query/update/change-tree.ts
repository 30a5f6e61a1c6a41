import { Buffer } from 'node:buffer';
import type { RawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';

/** The changes of a document, in the order in which mongod logs them. */
export interface DocumentChanges {
  readonly kind: 'document';
  readonly deletes: readonly string[];
  readonly updates: readonly (readonly [name: string, value: RawValue])[];
  readonly inserts: readonly (readonly [name: string, value: RawValue])[];
  readonly children: readonly (readonly [name: string, changes: Changes])[];
}

/** The changes of an array: items by position, then its new length if it became shorter. */
export interface ArrayChanges {
  readonly kind: 'array';
  readonly newSize: number | null;
  readonly updates: readonly (readonly [position: number, value: RawValue])[];
  readonly children: readonly (readonly [position: number, changes: Changes])[];
}

export type Changes = DocumentChanges | ArrayChanges;

export function isEmptyChanges(changes: Changes): boolean {
  const own = changes.updates.length + changes.children.length;
  if (changes.kind === 'array') return own === 0 && changes.newSize === null;
  return own + changes.deletes.length + changes.inserts.length === 0;
}

/** A step on a path: a field's name, or a position in an array. */
type Step = string | number;

interface Description {
  readonly updated: BsonWriter;
  readonly removed: string[];
  readonly truncated: { readonly field: string; readonly newSize: number }[];
  readonly disambiguated: Map<string, readonly Step[]>;
}

/**
 * The raw `updateDescription` of a change event: updatedFields, removedFields, truncatedArrays, disambiguatedPaths.
 * Within a document, updated fields come first, then inserted fields, then those of nested documents. Ambiguous paths
 * (a dot inside a name, a numeric name below the top level) are listed in disambiguatedPaths. Source:
 * `jstests/change_streams/expanded_update_description.js` of mongodb/mongo.
 */
export function describeChanges(changes: DocumentChanges): Uint8Array {
  const description: Description = { updated: new BsonWriter(), removed: [], truncated: [], disambiguated: new Map() };
  collect(changes, [], description);
  const writer = new BsonWriter();
  writer.document('updatedFields', description.updated.finish());
  writer.beginArray('removedFields');
  for (const [index, path] of description.removed.entries()) writer.string(String(index), path);
  writer.end();
  writer.beginArray('truncatedArrays');
  for (const [index, { field, newSize }] of description.truncated.entries()) {
    writer.beginDocument(String(index)).string('field', field).int32('newSize', newSize).end();
  }
  writer.end();
  writer.beginDocument('disambiguatedPaths');
  for (const [path, steps] of description.disambiguated) writeSteps(writer, path, steps);
  return writer.finish();
}

function writeSteps(writer: BsonWriter, path: string, steps: readonly Step[]): void {
  writer.beginArray(path);
  for (const [index, step] of steps.entries()) {
    if (typeof step === 'number') writer.int32(String(index), step);
    else writer.string(String(index), step);
  }
  writer.end();
}

function collect(changes: Changes, steps: readonly Step[], description: Description): void {
  if (changes.kind === 'document') collectDocument(changes, steps, description);
  else collectArray(changes, steps, description);
}

function collectDocument(changes: DocumentChanges, steps: readonly Step[], description: Description): void {
  for (const name of changes.deletes) description.removed.push(named([...steps, name], description));
  for (const [name, value] of [...changes.updates, ...changes.inserts]) {
    description.updated.value(named([...steps, name], description), value.type, value.span());
  }
  for (const [name, child] of changes.children) collect(child, [...steps, name], description);
}

function collectArray(changes: ArrayChanges, steps: readonly Step[], description: Description): void {
  if (changes.newSize !== null)
    description.truncated.push({ field: named(steps, description), newSize: changes.newSize });
  const items = [...changes.updates, ...changes.children].sort(([left], [right]) => left - right);
  for (const [position, item] of items) {
    const path = [...steps, position];
    if ('kind' in item) collect(item, path, description);
    else description.updated.value(named(path, description), item.type, item.span());
  }
}

/** The dotted path; remembers how to read it when that is not plain. */
function named(steps: readonly Step[], description: Description): string {
  const path = steps.join('.');
  const isAmbiguous = steps.some(
    (step, depth) => typeof step === 'string' && (step.includes('.') || (depth > 0 && /^\d+$/.test(step))),
  );
  if (isAmbiguous) description.disambiguated.set(path, steps);
  return path;
}

/** Size in bytes of the entry that mongod would log for the changes. Source: `DocumentSubDiffNode` and `ArrayNode` in `src/mongo/db/update/document_diff_serialization.h` of mongodb/mongo. */
export function loggedSizeBytes(changes: Changes): number {
  return changes.kind === 'document' ? documentSize(changes) : arraySize(changes);
}

const emptyDocumentBytes = 5;
const sectionBytes = 3 + emptyDocumentBytes;

function documentSize(changes: DocumentChanges): number {
  let size = emptyDocumentBytes;
  if (changes.deletes.length > 0) size += sectionBytes + sum(changes.deletes.map((name) => element(name, 1)));
  for (const section of [changes.updates, changes.inserts]) {
    if (section.length > 0)
      size += sectionBytes + sum(section.map(([name, value]) => element(name, value.end - value.start)));
  }
  return size + sum(changes.children.map(([name, child]) => 1 + element(name, loggedSizeBytes(child))));
}

function arraySize(changes: ArrayChanges): number {
  const head = emptyDocumentBytes + 4 + (changes.newSize === null ? 0 : 7);
  const updates = changes.updates.map(([position, value]) => 1 + element(String(position), value.end - value.start));
  const children = changes.children.map(([position, child]) => 1 + element(String(position), loggedSizeBytes(child)));
  return head + sum(updates) + sum(children);
}

function element(name: string, valueBytes: number): number {
  return 2 + Buffer.byteLength(name) + valueBytes;
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
