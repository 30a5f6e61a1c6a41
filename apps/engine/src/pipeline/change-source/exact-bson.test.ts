import { serialize } from 'bson';
import { describe, expect, test } from 'vitest';
import { everyType, orderedKeys } from '../../../test/support/key-documents.ts';
import { exactDocument } from './exact-bson.ts';

/** `{ _id: <string of these bytes> }`. */
function rawStringKey(bytes: readonly number[]): Buffer {
  const key = Buffer.from([0, 0, 0, 0, 2, 0x5f, 0x69, 0x64, 0, bytes.length + 1, 0, 0, 0, ...bytes, 0, 0]);
  key.writeInt32LE(key.length, 0);
  return key;
}

describe('exact BSON', () => {
  test('every type of _id is encoded byte for byte', () => {
    for (const key of orderedKeys()) {
      const raw = serialize({ _id: key });
      const map = exactDocument(raw);
      expect(map === null ? null : Buffer.from(serialize(map)).toString('hex')).toBe(Buffer.from(raw).toString('hex'));
    }
  });

  test('a document with every type is encoded byte for byte', () => {
    const raw = serialize(everyType());
    const map = exactDocument(raw);
    expect(map === null ? null : Buffer.from(serialize(map)).equals(raw)).toBe(true);
  });

  test('keys that look like integers keep their order', () => {
    const raw = serialize(
      new Map([
        [
          '_id',
          new Map([
            ['2', 1],
            ['1', 1],
          ]),
        ],
      ]),
    );
    const key = exactDocument(raw)?.get('_id');
    expect(key instanceof Map ? [...key.keys()] : null).toEqual(['2', '1']);
  });

  test('a value that cannot be encoded exactly gives null, not an approximation', () => {
    expect(exactDocument(rawStringKey([0x61, 0xff, 0x62]))).toBeNull();
    expect(exactDocument(rawStringKey([0x61]))).not.toBeNull();
    expect(exactDocument(Buffer.from([5, 0, 0, 0, 1]))).toBeNull();
  });
});
