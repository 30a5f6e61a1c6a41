import { BSONRegExp, BSONSymbol, Code, DBRef, Double, Long, ObjectId, serialize } from 'bson';
import { describe, expect, test } from 'vitest';
import { documentJson } from '../../test/document-json.ts';
import { DocumentError } from './document-error.ts';
import { compileProjection } from './projection.ts';

const id = new ObjectId('507f1f77bcf86cd799439011');

/** BSON of `document` with the byte of its only `~` changed into one that UTF-8 does not have. */
function damaged(document: object): Uint8Array {
  const bytes = serialize(document);
  const at = bytes.indexOf('~'.charCodeAt(0));
  bytes[at] = 0xff;
  return bytes;
}

/** A DBPointer, which the driver no longer writes: namespace, then an ObjectId. */
function dbPointer(namespace: Buffer): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeInt32LE(namespace.length + 1);
  const body = Buffer.concat([Buffer.from('\x0cp\0'), size, namespace, Buffer.from([0]), id.id, Buffer.from([0])]);
  const length = Buffer.alloc(4);
  length.writeInt32LE(body.length + 4);
  return Buffer.concat([length, body]);
}

describe('a document as JSON', () => {
  test('keeps the order of keys, the digits of an int64 and the point of a double', () => {
    const document = { b: Long.fromString('9223372036854775807'), a: new Double(1), list: [1, null, { c: true }] };
    expect(documentJson(serialize(document))).toBe('{"b":9223372036854775807,"a":1.0,"list":[1,null,{"c":true}]}');
  });

  test('shows deprecated and rare types as text, never as EJSON', () => {
    expect(documentJson(dbPointer(Buffer.from('shop.orders')))).toBe(
      `{"p":{"$ref":"shop.orders","$id":"${id.toHexString()}"}}`,
    );
    expect(documentJson(serialize({ code: new Code('f()', { x: 1 }), symbol: new BSONSymbol('s') }))).toBe(
      '{"code":{"code":"f()","scope":{"x":1}},"symbol":"s"}',
    );
    expect(documentJson(serialize({ ref: new DBRef('orders', id) }))).toBe(
      `{"ref":{"$ref":"orders","$id":"${id.toHexString()}"}}`,
    );
  });

  test('rejects an unknown BSON type', () => {
    const bytes = serialize({ a: 1 });
    bytes[4] = 0x42;
    expect(() => documentJson(bytes)).toThrow(DocumentError);
  });
});

describe('text that is not UTF-8', () => {
  const columns = [{ name: 'value', type: 'JSONB', path: 'value' }] as const;
  const refusedColumns = (raw: Uint8Array) => compileProjection(columns).project(raw).coercionErrors;

  test.each([
    ['a string', { value: 'a~' }],
    ['a symbol', { value: new BSONSymbol('a~') }],
    ['a regular expression', { value: new BSONRegExp('a~', 'i') }],
    ['code', { value: new Code('a~') }],
    ['code with a scope', { value: new Code('a~', { x: 1 }) }],
    ['the scope of code', { value: new Code('a', { x: '~' }) }],
    ['a name inside', { value: { '~': 1 } }],
    ['a value deep inside', { value: [{ x: '~' }] }],
  ])('in %s is counted as a coercion error', (_, document) => {
    expect(refusedColumns(damaged(document))).not.toEqual(refusedColumns(serialize(document)));
  });

  test('is distinguished from a U+FFFD that the document contains', () => {
    const document = {
      value: { text: '\ufffd', pattern: new BSONRegExp('\ufffd'), code: new Code('\ufffd', { x: 1 }) },
    };
    expect(refusedColumns(serialize(document))).toEqual(refusedColumns(serialize({ value: 'plain' })));
  });
});
