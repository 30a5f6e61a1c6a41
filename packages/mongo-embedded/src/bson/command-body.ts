import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { type Document, deserialize } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { forEachElement, type RawElement } from './raw-element.ts';

const typeNames: Readonly<Record<number, string>> = {
  1: 'double',
  2: 'string',
  3: 'object',
  4: 'array',
  5: 'binData',
  6: 'undefined',
  7: 'objectId',
  8: 'bool',
  9: 'date',
  10: 'null',
  11: 'regex',
  12: 'dbPointer',
  13: 'javascript',
  14: 'symbol',
  15: 'javascriptWithScope',
  16: 'int',
  17: 'timestamp',
  18: 'long',
  19: 'decimal',
  127: 'maxKey',
  255: 'minKey',
};

/** MongoDB's alias of a BSON type byte, as its messages spell it. */
export function typeName(type: number): string {
  return typeNames[type] ?? `type ${type}`;
}

/** `Number` of a numeric element, or undefined for any other type. Decimal128 is read through the `bson` package. */
export function numberOf(element: RawElement): number | undefined {
  switch (element.type) {
    case bsonTypes.double:
      return element.bytes.readDoubleLE(0);
    case bsonTypes.int32:
      return element.bytes.readInt32LE(0);
    case bsonTypes.int64:
      return Number(element.bytes.readBigInt64LE(0));
    case bsonTypes.decimal128:
      return Number(String(decodeValue(element)));
    default:
      return undefined;
  }
}

/** Decodes one value without promotion, so that its BSON type is kept. */
export function decodeValue(element: RawElement): unknown {
  const head = Buffer.alloc(7);
  head.writeInt32LE(element.bytes.length + 8, 0);
  head[4] = element.type;
  head[5] = 0x76;
  const bytes = Buffer.concat([head, element.bytes, Buffer.from([0])]);
  return deserialize(bytes, { promoteValues: false, bsonRegExp: true, validation: { utf8: false } })['v'];
}

/**
 * The arguments of one command. Top-level elements are read on demand and checked with MongoDB's type errors; nested
 * values are decoded only on request. Document sequences (kind 1 sections) appear as arrays of raw documents.
 */
export class CommandBody {
  readonly raw: Buffer;
  readonly name: string;
  readonly #elements = new Map<string, RawElement>();
  readonly #sequences: ReadonlyMap<string, readonly Uint8Array[]>;

  constructor(raw: Buffer, sequences: ReadonlyMap<string, readonly Uint8Array[]> = new Map()) {
    this.raw = raw;
    this.#sequences = sequences;
    forEachElement(raw, (name, element) => {
      if (!this.#elements.has(name)) this.#elements.set(name, element);
      return undefined;
    });
    this.name = this.#elements.keys().next().value ?? '';
  }

  keys(): string[] {
    return [...this.#elements.keys(), ...this.#sequences.keys()];
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
    if (element.type !== bsonTypes.string) throw this.#wrongType(name, element, 'string');
    return element.bytes.toString('utf8', 4, element.bytes.length - 1);
  }

  requiredString(name: string): string {
    const value = this.string(name);
    if (value === undefined) throw this.#missing(name);
    return value;
  }

  boolean(name: string): boolean | undefined {
    const element = this.element(name);
    if (element === undefined) return undefined;
    if (element.type === bsonTypes.boolean) return element.bytes[0] === 1;
    const number = numberOf(element);
    if (number === undefined) throw this.#wrongType(name, element, 'bool');
    return number !== 0;
  }

  number(name: string): number | undefined {
    const element = this.element(name);
    if (element === undefined) return undefined;
    const number = numberOf(element);
    if (number === undefined) throw this.#wrongType(name, element, 'long');
    return number;
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

  int64(name: string): bigint | undefined {
    const element = this.element(name);
    if (element === undefined) return undefined;
    if (element.type === bsonTypes.int64) return element.bytes.readBigInt64LE(0);
    const number = numberOf(element);
    if (number === undefined) throw this.#wrongType(name, element, 'long');
    return BigInt(Math.trunc(number));
  }

  document(name: string): Buffer | undefined {
    const element = this.element(name);
    if (element === undefined) return undefined;
    if (element.type !== bsonTypes.object) throw this.#wrongType(name, element, 'object');
    return element.bytes;
  }

  /** Raw documents of an array or of a document sequence. */
  documents(name: string): readonly Uint8Array[] | undefined {
    const sequence = this.#sequences.get(name);
    if (sequence !== undefined) return sequence;
    const elements = this.array(name);
    return elements?.map((element, index) => {
      if (element.type !== bsonTypes.object) throw this.#wrongType(`${name}.${index}`, element, 'object');
      return element.bytes;
    });
  }

  array(name: string): RawElement[] | undefined {
    const element = this.element(name);
    if (element === undefined) return undefined;
    if (element.type !== bsonTypes.array) throw this.#wrongType(name, element, 'array');
    const elements: RawElement[] = [];
    forEachElement(element.bytes, (_, item) => {
      elements.push(item);
      return undefined;
    });
    return elements;
  }

  timestamp(name: string): ClusterTime | undefined {
    const element = this.element(name);
    if (element === undefined) return undefined;
    if (element.type !== bsonTypes.timestamp) throw this.#wrongType(name, element, 'timestamp');
    return { increment: element.bytes.readUInt32LE(0), seconds: element.bytes.readUInt32LE(4) };
  }

  /** A nested document as a body of its own. */
  nested(name: string): CommandBody | undefined {
    const raw = this.document(name);
    return raw === undefined ? undefined : new CommandBody(raw);
  }

  /** Decodes the whole body with the `bson` package. For small, rare commands. */
  decode(): Document {
    return deserialize(this.raw, { promoteValues: true, bsonRegExp: true, validation: { utf8: false } });
  }

  #missing(name: string): MongoFailure {
    return new MongoFailure('IDLFailedToParse', `BSON field '${this.name}.${name}' is missing but a required field`);
  }

  #wrongType(name: string, element: RawElement, wanted: string): MongoFailure {
    const message = `BSON field '${this.name}.${name}' is the wrong type '${typeName(element.type)}', expected type '${wanted}'`;
    return new MongoFailure('TypeMismatch', message);
  }
}
