import { Binary, deserialize, Int32, Long, serialize, Timestamp } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BsonWriter } from './bson-writer.ts';

test('writes what the bson package writes, byte for byte', () => {
  const names = fc.string({ maxLength: 8 }).filter((name) => !name.includes('\0') && name.isWellFormed());
  const texts = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(names, texts, fc.maxSafeInteger()), { selector: ([name]) => name }),
      (fields) => {
        const writer = new BsonWriter(1);
        const entries: [string, unknown][] = [];
        for (const [name, text, number] of fields) {
          writer.string(`s${name}`, text).int64(`l${name}`, number).double(`d${name}`, number);
          entries.push(
            [`s${name}`, text],
            [`l${name}`, Long.fromNumber(number)],
            [`d${name}`, { _bsontype: 'Double', value: number }],
          );
        }
        const plain = new BsonWriter(1);
        for (const [name, text, number] of fields) plain.string(`s${name}`, text).int64(`l${name}`, number);
        const kept = Object.fromEntries(entries.filter(([name]) => !name.startsWith('d')));
        expect(plain.finish().equals(Buffer.from(serialize(kept)))).toBe(true);
        expect(Object.keys(deserialize(writer.finish()))).toHaveLength(entries.length);
      },
    ),
  );
});

test('nests documents and arrays, and copies raw documents without a change', () => {
  const raw = serialize({ b: [1, { c: null }], u: new Binary(Buffer.from([1, 2]), 5) });
  const writer = new BsonWriter()
    .beginDocument('outer')
    .documents('list', [raw, raw])
    .timestamp('t', { seconds: 7, increment: 3 });
  const bytes = writer.boolean('yes', true).null('nothing').end().date('at', 12.7).int32('n', -5).finish();
  const expected = serialize({
    outer: { list: [deserialize(raw), deserialize(raw)], t: new Timestamp({ t: 7, i: 3 }), yes: true, nothing: null },
    at: new Date(12),
    n: new Int32(-5),
  });
  expect(bytes.equals(Buffer.from(expected))).toBe(true);
});

test('a copy stands still while the writer goes on', () => {
  const writer = new BsonWriter().int32('a', 1);
  const copy = writer.copy();
  writer.int32('b', 2);
  expect(deserialize(copy)).toEqual({ a: 1 });
  expect(deserialize(writer.finish())).toEqual({ a: 1, b: 2 });
});
