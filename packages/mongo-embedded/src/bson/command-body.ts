import { bsonTypes } from '@emcachers/bson/bson-types';
import { type Document, deserialize } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { forEachElement, type RawElement } from './raw-element.ts';
import { arrayIn, flagIn, numberIn, objectIn, stringIn, timestampIn } from './typed-element.ts';

/**
 * The arguments of one command. Top-level elements are read on demand and checked with MongoDB's type errors; nested
 * values are decoded only on request. Document sequences (kind 1 sections) appear as arrays of raw documents.
 */
export class CommandBody {
  readonly raw: Buffer;
  readonly name: string;
  readonly #elements = new Map<string, RawElement>();
  readonly #sequences: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly #prefix: string;

  /** `prefix` names the document in error messages; by default its first field, which is the command's name. */
  constructor(raw: Buffer, sequences: ReadonlyMap<string, readonly Uint8Array[]> = new Map(), prefix?: string) {
    this.raw = raw;
    this.#sequences = sequences;
    forEachElement(raw, (name, element) => {
      if (!this.#elements.has(name)) this.#elements.set(name, element);
      return undefined;
    });
    this.name = this.#elements.keys().next().value ?? '';
    this.#prefix = prefix ?? this.name;
  }

  keys(): string[] {
    return [...this.#elements.keys(), ...this.#sequences.keys()];
  }

  /** The names after the first one, which is the command's. */
  arguments(): string[] {
    const names = this.keys();
    names.shift();
    return names;
  }

  has(name: string): boolean {
    return this.#elements.has(name) || this.#sequences.has(name);
  }

  /** The element; null and undefined count as absent. */
  element(name: string): RawElement | undefined {
    const element = this.#elements.get(name);
    return element === undefined || element.type === bsonTypes.null || element.type === bsonTypes.undefined
      ? undefined
      : element;
  }

  rawElement(name: string): RawElement | undefined {
    return this.#elements.get(name);
  }

  string(name: string): string | undefined {
    const element = this.element(name);
    if (element === undefined) return undefined;
    return stringIn(element, this.#path(name));
  }

  requiredString(name: string): string {
    const value = this.string(name);
    if (value === undefined) throw this.#missing(name);
    return value;
  }

  boolean(name: string): boolean | undefined {
    const element = this.element(name);
    return element === undefined ? undefined : flagIn(element, this.#path(name));
  }

  number(name: string): number | undefined {
    const element = this.element(name);
    return element === undefined ? undefined : numberIn(element, this.#path(name));
  }

  requiredNumber(name: string): number {
    const value = this.number(name);
    if (value === undefined) throw this.#missing(name);
    return value;
  }

  /** An integer ≥ 0; negative values fail with 51024, as in mongod's IDL validators. */
  count(name: string): number | undefined {
    const number = this.number(name);
    if (number === undefined) return undefined;
    if (!(number >= 0)) {
      throw new MongoFailure(51024, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
    }
    return Math.trunc(number);
  }

  /** A number without its fraction; BadValue 2 for NaN and for numbers that do not fit 64 bits. */
  int64(name: string): bigint | undefined {
    const element = this.element(name);
    if (element === undefined) return undefined;
    if (element.type === bsonTypes.int64) return element.bytes.readBigInt64LE(0);
    const number = Math.trunc(numberIn(element, this.#path(name)));
    if (!(number >= -(2 ** 63) && number < 2 ** 63))
      throw new MongoFailure('BadValue', `BSON field '${this.#path(name)}' is not a 64-bit integer`);
    return BigInt(number);
  }

  document(name: string): Buffer | undefined {
    const element = this.element(name);
    return element === undefined ? undefined : objectIn(element, this.#path(name));
  }

  requiredDocument(name: string): Buffer {
    const value = this.document(name);
    if (value === undefined) throw this.#missing(name);
    return value;
  }

  /** An integer that fits 32 bits; BadValue 2 for any other number. */
  int32(name: string): number | undefined {
    const number = this.number(name);
    if (number === undefined) return undefined;
    if (number !== (number | 0)) throw new MongoFailure('BadValue', `BSON field '${this.#path(name)}' is not an int`);
    return number;
  }

  /** Raw documents of an array or of a document sequence. */
  documents(name: string): readonly Uint8Array[] | undefined {
    const sequence = this.#sequences.get(name);
    if (sequence !== undefined) return sequence;
    const elements = this.array(name);
    return elements?.map((element, index) => {
      return objectIn(element, this.#path(`${name}.${index}`));
    });
  }

  requiredDocuments(name: string): readonly Uint8Array[] {
    const value = this.documents(name);
    if (value === undefined) throw this.#missing(name);
    return value;
  }

  array(name: string): RawElement[] | undefined {
    const element = this.element(name);
    if (element === undefined) return undefined;
    const elements: RawElement[] = [];
    forEachElement(arrayIn(element, this.#path(name)), (_, item) => {
      elements.push(item);
      return undefined;
    });
    return elements;
  }

  timestamp(name: string): ClusterTime | undefined {
    const element = this.element(name);
    return element === undefined ? undefined : timestampIn(element, this.#path(name));
  }

  /** A nested document as a separate body. */
  nested(name: string): CommandBody | undefined {
    const raw = this.document(name);
    return raw === undefined ? undefined : new CommandBody(raw, new Map(), this.#path(name));
  }

  /** Decodes the whole body with the `bson` package. For small, rare commands. */
  decode(): Document {
    return deserialize(this.raw, { promoteValues: true, bsonRegExp: true, validation: { utf8: false } });
  }

  #missing(name: string): MongoFailure {
    return new MongoFailure('IDLFailedToParse', `BSON field '${this.#path(name)}' is missing but a required field`);
  }

  #path(name: string): string {
    return `${this.#prefix}.${name}`;
  }
}
