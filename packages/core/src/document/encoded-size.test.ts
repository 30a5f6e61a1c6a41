import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { serialize } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnType } from '../shape.ts';
import { leastEncodedBytes } from './encoded-size.ts';
import { compileProjection } from './projection.ts';

/** Controls, what JSON escapes, characters of one to four bytes, and halves of surrogate pairs. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('"', '\\', '/', '\u2028', '\u2029', '\ufeff', '\ufffd', '😀', '\ud800', '\udfff', 'é', '水'),
  ),
  maxLength: 200,
});
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    hostile,
    fc.integer(),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', '"', '\\', '\u0001', 'é', '😀'), tie('any'), { maxKeys: 4 }),
  ),
})).any;

const columnOf = (type: ColumnType) => ({ name: 'c', type, path: 'v' });

describe('the least size of a value in a row', () => {
  test('is that of its text where the value is a text', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        // The driver writes half a surrogate pair as U+FFFD, which the text then has.
        const stored = Buffer.from(text).toString();
        const document = Buffer.from(serialize({ v: text }));
        const located = { type: bsonTypes.string, start: 4 + 3 };
        const once = Buffer.byteLength(JSON.stringify(stored)) - 2;
        const twice = Buffer.byteLength(JSON.stringify(JSON.stringify(stored))) - 6;
        expect(leastEncodedBytes(document, located, 1)).toBe(once);
        expect(leastEncodedBytes(document, located, 2)).toBe(twice);
      }),
    );
  });

  test('counts nothing where the column keeps no text', () => {
    const raw = serialize({ _id: 1, v: '"'.repeat(5_000) });
    for (const type of ['Integer', 'Number', 'Bool'] as const) {
      expect(compileProjection([columnOf(type)], { rowBytesMax: 1_000 }).project(raw)).toEqual({
        data: '[null]',
        coercionErrors: 1,
      });
    }
  });

  test('is never above the size of the row, so that no row is refused that would fit', () => {
    fc.assert(
      fc.property(value, fc.constantFrom<ColumnType>('Text', 'JSONB', 'Any'), (stored, type) => {
        const raw = serialize({ _id: 1, v: stored });
        const { data } = compileProjection([columnOf(type)]).project(raw);
        const exact = Buffer.byteLength(data);
        expect(compileProjection([columnOf(type)], { rowBytesMax: exact }).project(raw).data).toBe(data);
        expect(() => compileProjection([columnOf(type)], { rowBytesMax: exact - 1 }).project(raw)).toThrow('EMC-6002');
      }),
    );
  });
});

describe('the row of a large value', () => {
  test('has the text that JSON.stringify gives', () => {
    for (const unit of ['"', '\\', '\u0001', '\n"é', '😀\\', 'plain text ']) {
      const text = unit.repeat(300_000 / unit.length);
      const raw = serialize({ _id: 1, v: text });
      const [once, twice] = [JSON.stringify(text), JSON.stringify(JSON.stringify(text))];
      const columns = (['Text', 'Any', 'JSONB'] as const).map((type, index) => ({
        ...columnOf(type),
        name: `c${index}`,
      }));
      expect(compileProjection(columns).project(raw).data === `[${once},${once},${twice}]`).toBe(true);
    }
  });

  test('is refused before it is made if it is above the limit', () => {
    const raw = serialize({ _id: 1, v: '\u0001'.repeat(15_900_000) });
    const within = serialize({ _id: 1, v: { text: ['\u0001'.repeat(9_700_000)] } });
    const before = process.memoryUsage().rss;
    for (const type of ['JSONB', 'Text', 'Any'] as const) {
      expect(() => compileProjection([columnOf(type)]).project(raw)).toThrow('EMC-6002');
      expect(() => compileProjection([columnOf(type)]).project(within)).toThrow('EMC-6002');
    }
    // One of the texts alone would take 95 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
  });
});
