import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnType } from '../shape.ts';
import { DocumentError } from './document-error.ts';
import { cellText, decodeRow, encodeCell } from './row-codec.ts';

describe('a row', () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.string({ unit: 'binary' }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.uint8Array(),
  );

  test('of Any columns is decoded unchanged, with REAL and INTEGER kept apart', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1 }), (values) => {
        const types = values.map((): ColumnType => 'Any');
        const data = `[${values.map((value) => encodeCell(value, 'Any')).join(',')}]`;
        expect(data).not.toContain('\0');
        expect(
          decodeRow(data, types).map((value) => (value instanceof Uint8Array ? Uint8Array.from(value) : value)),
        ).toEqual(values);
      }),
    );
  });

  test('with the wrong number of columns is refused', () => {
    expect(() => decodeRow('[1]', ['Any', 'Any'])).toThrow(DocumentError);
  });

  test('is displayed with all digits', () => {
    expect([null, 'x', 2n ** 63n - 1n, 1, -0, 0.1, Buffer.from([1, 255])].map(cellText)).toEqual([
      null,
      'x',
      '9223372036854775807',
      '1.0',
      '-0.0',
      '0.1',
      "x'01ff'",
    ]);
  });
});
