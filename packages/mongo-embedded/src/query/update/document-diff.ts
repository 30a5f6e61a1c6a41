import { bsonTypes } from '@emcachers/bson/bson-types';
import type { ElementWalk } from '@emcachers/bson/element-walk';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { walkOf } from '../raw-document.ts';
import { type ArrayChanges, type Changes, type DocumentChanges, loggedSizeBytes } from './change-tree.ts';

/** Bytes that mongod counts for the entry around a difference. Source: `kSizeOfDeltaOplogEntryMetadata` in `src/mongo/db/update/update_oplog_entry_serialization.h`. */
const entryOverheadBytes = 15;

/**
 * The difference between two documents as mongod computes it for a pipeline update; null if it would not be smaller
 * than the new document, which is then logged as a replacement. Source:
 * `src/mongo/db/update/document_diff_calculator.cpp` of mongodb/mongo.
 */
export function diffDocuments(before: Uint8Array, after: Uint8Array): DocumentChanges | null {
  const changes = documentChanges(documentValue(before), documentValue(after));
  return loggedSizeBytes(changes) + entryOverheadBytes < after.length ? changes : null;
}

/** Same type and same bytes. */
export function isSameValue(left: RawValue, right: RawValue): boolean {
  return (
    left.type === right.type &&
    asBuffer(left.bytes).compare(right.bytes, right.start, right.end, left.start, left.end) === 0
  );
}

function isSameName(left: ElementWalk, right: ElementWalk): boolean {
  return left.nameIs(right.bytes.subarray(right.nameStart, right.nameEnd));
}

function nested(before: RawValue, after: RawValue): Changes | null {
  if (before.type !== after.type) return null;
  if (before.type !== bsonTypes.object && before.type !== bsonTypes.array) return null;
  const changes = before.type === bsonTypes.object ? documentChanges(before, after) : arrayChanges(before, after);
  return loggedSizeBytes(changes) < after.end - after.start ? changes : null;
}

interface ValueChanges<Name> {
  readonly updates: [Name, RawValue][];
  readonly children: [Name, Changes][];
}

interface Walks {
  readonly old: ElementWalk;
  readonly fresh: ElementWalk;
}

/** Records how the current value of `fresh` differs from that of `old`, if it does. */
function addDifference<Name>(changes: ValueChanges<Name>, name: Name, { old, fresh }: Walks): void {
  const value = fresh.value;
  if (isSameValue(old.value, value)) return;
  const child = nested(old.value, value);
  if (child === null) changes.updates.push([name, value]);
  else changes.children.push([name, child]);
}

function documentChanges(before: RawValue, after: RawValue): DocumentChanges {
  const changes: ValueChanges<string> = { updates: [], children: [] };
  const deletes = new Set<string>();
  const inserts: [string, RawValue][] = [];
  const walks = { old: walkOf(before), fresh: walkOf(after) };
  const { old, fresh } = walks;
  let hasOld = old.next();
  let hasFresh = fresh.next();
  while (hasOld && hasFresh) {
    if (!isSameName(old, fresh)) {
      deletes.add(old.name);
      hasOld = old.next();
      continue;
    }
    addDifference(changes, fresh.name, walks);
    hasOld = old.next();
    hasFresh = fresh.next();
  }
  for (; hasOld; hasOld = old.next()) deletes.add(old.name);
  for (; hasFresh; hasFresh = fresh.next()) {
    inserts.push([fresh.name, fresh.value]);
    deletes.delete(fresh.name);
  }
  return { kind: 'document', deletes: [...deletes], inserts, ...changes };
}

function arrayChanges(before: RawValue, after: RawValue): ArrayChanges {
  const changes: ValueChanges<number> = { updates: [], children: [] };
  const walks = { old: walkOf(before), fresh: walkOf(after) };
  const { old, fresh } = walks;
  let position = 0;
  let hasOld = old.next();
  for (; fresh.next(); position += 1) {
    if (hasOld) addDifference(changes, position, walks);
    else changes.updates.push([position, fresh.value]);
    hasOld = hasOld && old.next();
  }
  return { kind: 'array', newSize: hasOld ? position : null, ...changes };
}
