import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
} from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bsonTypes } from './bson-types.ts';
import { ElementWalk } from './element-walk.ts';
import { MalformedBsonError } from './malformed-bson-error.ts';
import { stringOf } from './raw-value.ts';
import { asBuffer } from './read-bytes.ts';

/** A document of elements as they are, framed with its length and its closing NUL. */
function framed(...elements: readonly (readonly number[])[]): Buffer {
  const body = elements.flat();
  const bytes = Buffer.from([0, 0, 0, 0, ...body, 0]);
  bytes.writeInt32LE(bytes.length, 0);
  return bytes;
}

/** The type byte, a name of one letter, and the value. */
function element(type: number, value: readonly number[]): number[] {
  return [type, 0x61, 0, ...value];
}

const fields: readonly (readonly [string, unknown])[] = [
  ['double', new Double(-0)],
  ['string', 'text with \0 and ü'],
  ['object', { b: { c: 1 } }],
  ['array', [new Int32(1), 'two', null]],
  ['binary', new Binary(Buffer.from([0xff, 0x00]), 0x80)],
  ['objectId', new ObjectId('507f1f77bcf86cd799439011')],
  ['boolean', true],
  ['date', new Date(-1)],
  ['null', null],
  ['regex', new BSONRegExp('(?i)a++', 'x')],
  ['code', new Code('return 1')],
  ['codeWithScope', new Code('return a', { a: 1 })],
  ['symbol', new BSONSymbol('s')],
  ['int32', new Int32(7)],
  ['timestamp', new Timestamp({ t: 4, i: 2 })],
  ['int64', Long.fromBigInt(2n ** 63n - 1n)],
  ['decimal128', Decimal128.fromString('1.00')],
  ['minKey', new MinKey()],
  ['maxKey', new MaxKey()],
  ['', 'a name without letters'],
  ['__proto__', 'a name that objects lose'],
];

/** One value of every type that the official library can write. */
function everyType(): Buffer {
  return asBuffer(serialize(new Map(fields), { ignoreUndefined: false }));
}

function names(document: Uint8Array): string[] {
  const found: string[] = [];
  const walk = new ElementWalk(document);
  while (walk.next()) found.push(walk.name);
  return found;
}

/** Walks every level: the scope of code too. */
function walkAll(document: Buffer, start = 0): void {
  const walk = new ElementWalk(document, start);
  while (walk.next()) {
    expect(walk.end).toBeLessThan(document.length);
    if (walk.type === bsonTypes.object || walk.type === bsonTypes.array) walkAll(document, walk.start);
  }
}

function outcomeOf(work: () => void): 'walked' | 'refused' {
  try {
    work();
    return 'walked';
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedBsonError);
    return 'refused';
  }
}

describe('walking elements', () => {
  test('steps over every BSON type to the next element', () => {
    const walk = new ElementWalk(everyType());
    for (const [name] of fields) {
      expect(walk.next()).toBe(true);
      expect(walk.name).toBe(name);
      expect(walk.nameIs(Buffer.from(name))).toBe(true);
      expect(walk.nameIs(Buffer.from(`${name}x`))).toBe(false);
      if (Object.hasOwn(bsonTypes, name)) expect(walk.type).toBe(bsonTypes[name as keyof typeof bsonTypes]);
    }
    expect(walk.next()).toBe(false);
    expect(walk.next()).toBe(false);
  });

  test('steps over deprecated types that the official library no longer writes', () => {
    const id = Array.from({ length: 12 }, (_, index) => index);
    const document = framed(
      element(bsonTypes.undefined, []),
      element(bsonTypes.dbPointer, [2, 0, 0, 0, 0x64, 0, ...id]),
      element(bsonTypes.int32, [1, 0, 0, 0]),
    );
    expect(names(document)).toEqual(['a', 'a', 'a']);
  });

  test('spans share memory with the document', () => {
    const raw = asBuffer(serialize({ a: { b: 'text' } }));
    const outer = new ElementWalk(raw);
    outer.next();
    expect(outer.valueBytes.buffer).toBe(raw.buffer);
    expect(outer.value.span()).toEqual(outer.valueBytes);
    expect(names(outer.valueBytes)).toEqual(['b']);
    const inner = new ElementWalk(raw, outer.start);
    inner.next();
    expect(stringOf(inner)).toBe('text');
    expect(inner.element).toEqual(Buffer.from('\x02b\0\x05\0\0\0text\0', 'latin1'));
  });
});

function* withOneByteChanged(raw: Buffer): Generator<Buffer> {
  for (let at = 0; at < raw.length; at += 1)
    for (const byte of [0x00, 0x01, 0x05, 0x0f, 0x7f, 0x80, 0xff]) {
      const damaged = Buffer.from(raw);
      damaged[at] = byte;
      yield damaged;
    }
}

describe('hostile bytes', () => {
  test('rejects a document truncated at any length', () => {
    const raw = everyType();
    for (let length = 0; length < raw.length; length += 1)
      expect(() => names(raw.subarray(0, length))).toThrow(MalformedBsonError);
  });

  test('any changed byte gives a MalformedBsonError or a walk within the document, never a read outside', () => {
    const outcomes = [...withOneByteChanged(everyType())].map((damaged) => outcomeOf(() => walkAll(damaged)));
    expect(outcomes).toContain('refused');
  });

  test('random bytes are rejected or walked to their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const document = framed([...bytes]);
        outcomeOf(() => walkAll(document));
      }),
      { numRuns: 5000 },
    );
  });

  /** Lengths that lie: negative, too small, beyond the document, and at the limits of 32 bits. */
  const lyingLengths = [-0x8000_0000, -1, 1000, 0x7fff_ffff];
  const { string, code, symbol, object, array, binary, dbPointer, codeWithScope } = bsonTypes;

  test.each(Object.entries({ string, code, symbol, object, array, binary, dbPointer, codeWithScope }))(
    'a length that reaches out of the document is refused in a value of type %s',
    (_, type) => {
      for (const length of lyingLengths) {
        const value = Buffer.alloc(40);
        value.writeInt32LE(length, 0);
        expect(() => names(framed(element(type, [...value])))).toThrow(MalformedBsonError);
      }
    },
  );

  test.each(Object.entries({ string, code, symbol, object, array, binary, dbPointer, codeWithScope }))(
    'a value of type %s is refused where the document ends inside its length',
    (_, type) => {
      for (let bytes = 0; bytes < 4; bytes += 1)
        expect(() =>
          names(
            framed(
              element(
                type,
                Array.from({ length: bytes }, () => 0),
              ),
            ),
          ),
        ).toThrow(MalformedBsonError);
    },
  );

  test('rejects a value that extends past the end of its document', () => {
    const inner = framed(element(bsonTypes.int64, [1, 2, 3, 4]));
    const outer = framed(
      [...element(bsonTypes.object, [...inner])],
      element(bsonTypes.int64, [0, 0, 0, 0, 0, 0, 0, 0]),
    );
    expect(names(outer)).toEqual(['a', 'a']);
    expect(() => walkAll(outer)).toThrow('reaches beyond its document');
  });

  test('rejects names, regular expressions and strings that do not end inside the document', () => {
    const nameless = Buffer.concat([framed([bsonTypes.null, 0x61]), Buffer.from('behind\0')]);
    const regex = Buffer.concat([framed(element(bsonTypes.regex, [0x61, 0, 0x62])), Buffer.from('behind\0')]);
    expect(() => names(nameless)).toThrow(MalformedBsonError);
    expect(() => names(regex)).toThrow(MalformedBsonError);
    expect(() => names(framed(element(bsonTypes.string, [2, 0, 0, 0, 0x61, 0x62])))).toThrow(MalformedBsonError);
  });

  test('rejects unknown types and booleans other than 0 and 1', () => {
    for (const type of [0x00, 0x14, 0x7e, 0x80, 0xfe])
      expect(() => names(framed(element(type, [])))).toThrow(`unknown BSON type ${type}`);
    expect(() => names(framed(element(bsonTypes.boolean, [2])))).toThrow('neither 0 nor 1');
  });

  test('rejects code whose scope does not end with the code', () => {
    const scope = [5, 0, 0, 0, 0];
    const text = [1, 0, 0, 0, 0];
    expect(names(framed(element(codeWithScope, [14, 0, 0, 0, ...text, ...scope])))).toEqual(['a']);
    for (const length of [0, 13, 15])
      expect(() => names(framed(element(codeWithScope, [length, 0, 0, 0, ...text, ...scope, 0, 0])))).toThrow(
        MalformedBsonError,
      );
  });
});
