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

function documentChanges(before: RawValue, after: RawValue): DocumentChanges {
  const updates: [string, RawValue][] = [];
  const children: [string, Changes][] = [];
  const deletes = new Set<string>();
  const inserts: [string, RawValue][] = [];
  const old = walkOf(before);
  const fresh = walkOf(after);
  let hasOld = old.next();
  let hasFresh = fresh.next();
  while (hasOld && hasFresh) {
    if (!isSameName(old, fresh)) {
      deletes.add(old.name);
      hasOld = old.next();
      continue;
    }
    if (!isSameValue(old.value, fresh.value)) {
      const child = nested(old.value, fresh.value);
      if (child === null) updates.push([fresh.name, fresh.value]);
      else children.push([fresh.name, child]);
    }
    hasOld = old.next();
    hasFresh = fresh.next();
  }
  for (; hasOld; hasOld = old.next()) deletes.add(old.name);
  for (; hasFresh; hasFresh = fresh.next()) {
    inserts.push([fresh.name, fresh.value]);
    deletes.delete(fresh.name);
  }
  return { kind: 'document', deletes: [...deletes], updates, inserts, children };
}

function arrayChanges(before: RawValue, after: RawValue): ArrayChanges {
  const updates: [number, RawValue][] = [];
  const children: [number, Changes][] = [];
  const old = walkOf(before);
  const fresh = walkOf(after);
  let position = 0;
  let hasOld = old.next();
  for (; fresh.next(); position += 1) {
    if (!hasOld) updates.push([position, fresh.value]);
    else if (!isSameValue(old.value, fresh.value)) {
      const child = nested(old.value, fresh.value);
      if (child === null) updates.push([position, fresh.value]);
      else children.push([position, child]);
    }
    hasOld = hasOld && old.next();
  }
  return { kind: 'array', newSize: hasOld ? position : null, updates, children };
}
