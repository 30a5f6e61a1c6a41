import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Column, columnTypes } from '../shape.ts';
import { decodeRow, encodeCell, type SqlValue } from './row-codec.ts';
import { type CellJson, rowJson } from './row-json.ts';

/** A reader as docs/oplog-api.md describes it. It shares no code with the writer. */
function readCell(cell: CellJson, type: Column['type']): SqlValue {
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  if (typeof cell === 'number') return type === 'Any' && Number.isInteger(cell) ? BigInt(cell) : cell;
  return typeof cell === 'string' ? readString(cell, type) : readObject(cell);
}

function readString(cell: string, type: Column['type']): SqlValue {
  if (type === 'Integer') return BigInt(cell);
  return type === 'Number' && cell === '-0' ? -0 : cell;
}

function readObject(cell: Exclude<CellJson, boolean | number | string>): SqlValue {
  if (cell === null) return null;
  if ('integer' in cell) return BigInt(cell.integer);
  return 'real' in cell ? Number(cell.real) : Buffer.from(cell.blob, 'base64');
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const beyondSafe = int64.filter((value) => value > 2n ** 53n - 1n || value < 1n - 2n ** 53n);
const double = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constant(-0));
const text = fc.string({ unit: 'binary' });
const nonFinite = fc.constantFrom('NaN', 'Infinity', '-Infinity');
const blob = fc.uint8Array().map((bytes) => Buffer.from(bytes));
/** What a column of each type can hold beside NULL, as `decodeRow` gives it. */
const valuesOf: Readonly<Record<Column['type'], fc.Arbitrary<SqlValue>>> = {
  Text: text,
  JSONB: fc.json({ noUnicodeString: false }),
  Bool: fc.constantFrom(0, 1),
  Integer: fc.oneof(fc.maxSafeInteger(), beyondSafe),
  Number: fc.oneof(double, nonFinite),
  Any: fc.oneof(int64, double, text, blob),
};

const cell = fc
  .constantFrom(...columnTypes)
  .chain((type) => fc.record({ type: fc.constant(type), value: fc.oneof(fc.constant(null), valuesOf[type]) }));

test('a row read back from its JSON text is the row that the oplog stores, for every column type', () => {
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 8 }), (cells) => {
      const columns = cells.map(({ type }, index) => ({ name: `c${index}`, type, path: 'p' }));
      const types = cells.map(({ type }) => type);
      const stored = `[${cells.map(({ value, type }) => encodeCell(value, type)).join(',')}]`;
      const sent = JSON.parse(JSON.stringify(rowJson(stored, columns))) as Record<string, CellJson>;
      const read = columns.map(({ name, type }) => readCell(sent[name] ?? null, type));
      expect(Object.keys(sent)).toEqual(columns.map(({ name }) => name));
      expect(read).toEqual(decodeRow(stored, types));
    }),
  );
});

test('a row is written as the documentation shows it', () => {
  const columns: Column[] = [
    { name: 'total', type: 'Integer', path: 'total' },
    { name: 'big', type: 'Integer', path: 'big' },
    { name: 'paid', type: 'Bool', path: 'paid' },
    { name: 'rate', type: 'Number', path: 'rate' },
    { name: 'tags', type: 'JSONB', path: 'tags' },
    { name: 'none', type: 'JSONB', path: 'none' },
    { name: 'whole', type: 'Any', path: 'whole' },
    { name: 'photo', type: 'Any', path: 'photo' },
    { name: '__proto__', type: 'Text', path: 'p' },
  ];
  const stored = '[7,{"i":"9007199254740993"},1,"NaN","[1.0]",null,{"r":"1"},{"b":"AP8="},"x"]';
  expect(JSON.stringify(rowJson(stored, columns))).toBe(
    '{"total":7,"big":"9007199254740993","paid":true,"rate":"NaN","tags":"[1.0]","none":null,' +
      '"whole":{"real":"1"},"photo":{"blob":"AP8="},"__proto__":"x"}',
  );
});
