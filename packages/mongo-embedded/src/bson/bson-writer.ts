import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { serialize } from 'bson';
import type { ClusterTime } from '../history/history-entry.ts';

/**
 * Writes BSON into one growing buffer, so that stored documents are copied into a reply without being decoded.
 * Element names must not contain NUL. Nothing else may write to the buffer until `finish`.
 */
export class BsonWriter {
  #bytes: Buffer;
  #length = 4;
  readonly #starts: number[] = [0];

  constructor(capacityBytes = 512) {
    this.#bytes = Buffer.allocUnsafe(Math.max(capacityBytes, 64));
  }

  /** Bytes written so far, without the terminators that `finish` adds. */
  get length(): number {
    return this.#length;
  }

  int32(name: string, value: number): this {
    this.#header(bsonTypes.int32, name, 4);
    this.#length = this.#bytes.writeInt32LE(value, this.#length);
    return this;
  }

  int64(name: string, value: bigint | number): this {
    this.#header(bsonTypes.int64, name, 8);
    this.#length = this.#bytes.writeBigInt64LE(BigInt(value), this.#length);
    return this;
  }

  double(name: string, value: number): this {
    this.#header(bsonTypes.double, name, 8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
    return this;
  }

  string(name: string, value: string): this {
    const bytes = Buffer.byteLength(value);
    this.#header(bsonTypes.string, name, bytes + 5);
    this.#length = this.#bytes.writeInt32LE(bytes + 1, this.#length);
    this.#length += this.#bytes.write(value, this.#length);
    this.#bytes[this.#length++] = 0;
    return this;
  }

  boolean(name: string, value: boolean): this {
    this.#header(bsonTypes.boolean, name, 1);
    this.#bytes[this.#length++] = value ? 1 : 0;
    return this;
  }

  null(name: string): this {
    this.#header(bsonTypes.null, name, 0);
    return this;
  }

  /** `milliseconds` since 1970. */
  date(name: string, milliseconds: number): this {
    this.#header(bsonTypes.date, name, 8);
    this.#length = this.#bytes.writeBigInt64LE(BigInt(Math.trunc(milliseconds)), this.#length);
    return this;
  }

  timestamp(name: string, time: ClusterTime): this {
    this.#header(bsonTypes.timestamp, name, 8);
    this.#length = this.#bytes.writeUInt32LE(time.increment, this.#length);
    this.#length = this.#bytes.writeUInt32LE(time.seconds, this.#length);
    return this;
  }

  binary(name: string, bytes: Uint8Array, subtype: number): this {
    this.#header(bsonTypes.binary, name, bytes.length + 5);
    this.#length = this.#bytes.writeInt32LE(bytes.length, this.#length);
    this.#bytes[this.#length++] = subtype;
    return this.#raw(bytes);
  }

  /** A whole BSON document, copied unchanged. */
  document(name: string, raw: Uint8Array): this {
    this.#header(bsonTypes.object, name, raw.length);
    return this.#raw(raw);
  }

  /** One element of the given type whose value is already in BSON. */
  value(name: string, type: number, valueBytes: Uint8Array): this {
    this.#header(type, name, valueBytes.length);
    return this.#raw(valueBytes);
  }

  /** An array of whole BSON documents. */
  documents(name: string, raws: readonly Uint8Array[]): this {
    this.beginArray(name);
    for (let index = 0; index < raws.length; index += 1) {
      const raw = raws[index];
      if (raw !== undefined) this.document(String(index), raw);
    }
    return this.end();
  }

  /** All elements of a raw document, spliced in at this level. */
  elements(raw: Uint8Array): this {
    const inner = raw.subarray(4, raw.length - 1);
    this.#reserve(inner.length);
    return this.#raw(inner);
  }

  /** Whole elements that are already in BSON, type bytes and names included. */
  splice(elements: Uint8Array): this {
    this.#reserve(elements.length);
    return this.#raw(elements);
  }

  /** The fields of a plain object of values that the `bson` package knows, spliced in at this level. */
  fields(object: Readonly<Record<string, unknown>>): this {
    return this.elements(serialize(object, { ignoreUndefined: true }));
  }

  beginDocument(name: string): this {
    return this.#begin(bsonTypes.object, name);
  }

  beginArray(name: string): this {
    return this.#begin(bsonTypes.array, name);
  }

  end(): this {
    const start = this.#starts.pop();
    if (start === undefined) throw new RangeError('No open document');
    this.#reserve(1);
    this.#bytes[this.#length++] = 0;
    this.#bytes.writeInt32LE(this.#length - start, start);
    return this;
  }

  /** Closes the document and returns its bytes; the writer must not be used again. */
  finish(): Buffer {
    while (this.#starts.length > 0) this.end();
    return this.#bytes.subarray(0, this.#length);
  }

  /** Returns a copy of the document written so far; the writer stays usable. No nested document may be open. */
  copy(): Buffer {
    const bytes = Buffer.alloc(this.#length + 1);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    bytes.writeInt32LE(bytes.length, 0);
    return bytes;
  }

  #begin(type: number, name: string): this {
    this.#header(type, name, 4);
    this.#starts.push(this.#length);
    this.#length += 4;
    return this;
  }

  #header(type: number, name: string, valueBytes: number): void {
    this.#reserve(name.length * 3 + 2 + valueBytes);
    this.#bytes[this.#length++] = type;
    this.#name(name);
    this.#bytes[this.#length++] = 0;
  }

  /** Names are short and nearly always ASCII: a loop writes them faster than a call into native code. */
  #name(name: string): void {
    const start = this.#length;
    for (let index = 0; index < name.length; index += 1) {
      const code = name.charCodeAt(index);
      if (code > 0x7f) {
        this.#length = start + this.#bytes.write(name, start);
        return;
      }
      this.#bytes[this.#length++] = code;
    }
  }

  #raw(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  #reserve(extraBytes: number): void {
    const needed = this.#length + extraBytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
