import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { walkOf } from '../raw-document.ts';
import type { ArrayChanges, Changes, DocumentChanges } from './change-tree.ts';
import { isEmptyChanges } from './change-tree.ts';

type EntryState = 'kept' | 'updated' | 'inserted' | 'padding';

interface Entry {
  readonly name: string;
  /** Where the original element is; empty if there is none. */
  readonly start: number;
  readonly end: number;
  value: RawValue | DocumentNode;
  state: EntryState;
}

/**
 * A document or array being updated. Only containers on the path of a change are parsed; all other bytes are copied.
 * Changes are recorded for the event's update description.
 */
export class DocumentNode {
  readonly isArray: boolean;
  readonly #original: RawValue;
  readonly #entries: Entry[] = [];
  readonly #removed: string[] = [];

  constructor(value: RawValue) {
    this.isArray = value.type === bsonTypes.array;
    this.#original = value;
    const walker = walkOf(value);
    while (walker.next()) {
      const { name, value: item, elementStart, end } = walker;
      this.#entries.push({ name, start: elementStart, end, value: item, state: 'kept' });
    }
  }

  get length(): number {
    return this.#entries.length;
  }

  get type(): number {
    return this.isArray ? bsonTypes.array : bsonTypes.object;
  }

  /** The current value under a name; in an array the name is the position in digits. */
  get(name: string): RawValue | undefined {
    const entry = this.#find(name);
    if (entry === undefined) return undefined;
    return entry.value instanceof DocumentNode ? entry.value.toValue() : entry.value;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** Opens the container under a name for changes inside; undefined if the value has another type or is missing. */
  open(name: string): DocumentNode | undefined {
    const entry = this.#find(name);
    if (entry === undefined) return undefined;
    if (entry.value instanceof DocumentNode) return entry.value;
    if (entry.value.type !== bsonTypes.object && entry.value.type !== bsonTypes.array) return undefined;
    entry.value = new DocumentNode(entry.value);
    return entry.value;
  }

  /** Replaces the value, or appends it. An array is padded with null as far as needed. */
  set(name: string, value: RawValue): void {
    const entry = this.#find(name);
    if (entry !== undefined) {
      entry.value = value;
      if (entry.state !== 'inserted') entry.state = 'updated';
      return;
    }
    const position = this.isArray ? Number(name) : -1;
    while (this.isArray && this.#entries.length < position) {
      this.#add(String(this.#entries.length), nullItem, 'padding');
    }
    this.#add(name, value, 'inserted');
  }

  #add(name: string, value: RawValue, state: EntryState): void {
    this.#entries.push({ name, start: 0, end: 0, value, state });
  }

  /** Removes a field; in an array the item becomes null, as in mongod. */
  remove(name: string): void {
    if (this.isArray) {
      this.set(name, nullItem);
      return;
    }
    const at = this.#entries.findIndex((entry) => entry.name === name);
    if (at < 0) return;
    this.#entries.splice(at, 1);
    this.#removed.push(name);
  }

  toValue(): RawValue {
    return rawValue(this.type, this.toBytes());
  }

  toBytes(): Uint8Array {
    const { bytes, start, end } = this.#original;
    const writer = new BsonWriter(end - start + spareBytes);
    // Neighbours that nothing has changed are copied as one span.
    let [from, to] = [0, 0];
    for (const entry of this.#entries) {
      const isCopied = isUnchanged(entry);
      if (isCopied && entry.start === to) {
        to = entry.end;
        continue;
      }
      writer.splice(bytes.subarray(from, to));
      [from, to] = isCopied ? [entry.start, entry.end] : [0, 0];
      if (!isCopied) writeEntry(writer, entry);
    }
    return writer.splice(bytes.subarray(from, to)).finish();
  }

  changes(): Changes {
    return this.isArray ? this.#arrayChanges() : this.documentChanges();
  }

  documentChanges(): DocumentChanges {
    const pick = (state: EntryState): [string, RawValue][] =>
      this.#entries.filter((entry) => entry.state === state).map((entry) => [entry.name, currentValue(entry)]);
    return {
      kind: 'document',
      deletes: this.#removed,
      updates: pick('updated'),
      inserts: pick('inserted'),
      children: this.#children(),
    };
  }

  #arrayChanges(): ArrayChanges {
    const changed = this.#entries.filter((entry) => entry.state === 'updated' || entry.state === 'inserted');
    return {
      kind: 'array',
      newSize: null,
      updates: changed.map((entry) => [Number(entry.name), currentValue(entry)]),
      children: this.#children().map(([name, child]) => [Number(name), child]),
    };
  }

  #children(): [string, Changes][] {
    const children: [string, Changes][] = [];
    for (const { name, value, state } of this.#entries) {
      if (state !== 'kept' || !(value instanceof DocumentNode)) continue;
      const changes = value.changes();
      if (!isEmptyChanges(changes)) children.push([name, changes]);
    }
    return children;
  }

  #find(name: string): Entry | undefined {
    if (this.isArray) return /^(?:0|[1-9]\d*)$/.test(name) ? this.#entries[Number(name)] : undefined;
    return this.#entries.find((entry) => entry.name === name);
  }
}

/** Room for what an update adds. */
const spareBytes = 128;

const nullItem = rawValue(bsonTypes.null, new Uint8Array(0));

function isUnchanged({ state, value }: Entry): boolean {
  return state === 'kept' && !(value instanceof DocumentNode);
}

function writeEntry(writer: BsonWriter, { name, value }: Entry): void {
  writer.value(name, value.type, bytesOf(value));
}

function bytesOf(value: RawValue | DocumentNode): Uint8Array {
  return value instanceof DocumentNode ? value.toBytes() : value.span();
}

function currentValue({ value }: Entry): RawValue {
  return value instanceof DocumentNode ? value.toValue() : value;
}
