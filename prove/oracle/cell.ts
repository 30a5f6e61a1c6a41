/**
 * What a column keeps of a value, as docs/glossary.md says it, written a second time from there: nothing of the engine is used.
 * A plain table of the kinds of values that the generator (`workload/values.ts`) makes; any other is an error.
 *
 * A cell is compared as text with its SQLite type in front: `i:` INTEGER, `r:` REAL, `t:` TEXT, `b:` BLOB, `null`.
 */
import { Binary, Decimal128, Double, Int32, Long, ObjectId } from 'mongodb';

export type ColumnType = 'JSONB' | 'Any' | 'Bool' | 'Number' | 'Integer' | 'Text';

const nothing = 'null';

type Cells = Readonly<Record<Exclude<ColumnType, 'JSONB'>, string>>;

/** A row of the table: how to recognise a kind of value, its JSON, and its cells. Null if the value is of another kind. */
type Kind = (value: unknown) => { readonly json: string; readonly cells: Cells } | null;

/** `undefined` is a path that met nothing. */
export function expectedCell(value: unknown, type: ColumnType): string {
  if (value === undefined) return nothing;
  const { json, cells } = described(value);
  return type === 'JSONB' ? `t:${json}` : cells[type];
}

function described(value: unknown): NonNullable<ReturnType<Kind>> {
  for (const kind of kinds) {
    const found = kind(value);
    if (found !== null) return found;
  }
  throw new Error(`The oracle does not know the value ${String(value)}.`);
}

const noCells: Cells = { Text: nothing, Integer: nothing, Number: nothing, Bool: nothing, Any: nothing };

/** Kept as text by `Text` and `Any` only. */
function textCells(text: string): Cells {
  return { ...noCells, Text: `t:${text}`, Any: `t:${text}` };
}

function int64(value: bigint): NonNullable<ReturnType<Kind>> {
  const isExact = BigInt(Number(value)) === value;
  const cells = {
    Text: `t:${value}`,
    Integer: `i:${value}`,
    Number: isExact ? `r:${Number(value)}` : nothing,
    Bool: value === 0n || value === 1n ? `i:${value}` : nothing,
    Any: `i:${value}`,
  };
  return { json: String(value), cells };
}

const wholeMax = 2 ** 62;

function double(value: number): NonNullable<ReturnType<Kind>> {
  const isNumber = Number.isFinite(value);
  const isWhole = isNumber && Math.trunc(value) === value && Math.abs(value) <= wholeMax;
  const number = isNumber ? `r:${value}` : `t:${value}`;
  const cells = {
    Text: `t:${value}`,
    Integer: isWhole ? `i:${BigInt(value)}` : nothing,
    Number: number,
    Bool: value === 0 || value === 1 ? `i:${value}` : nothing,
    Any: number,
  };
  const finite = isWhole ? `${value}.0` : String(value);
  return { json: isNumber ? finite : `"${value}"`, cells };
}

/** The decimals that the generator makes, by hand. */
const decimals: Readonly<Record<string, Partial<Cells>>> = {
  '19.99': { Number: 'r:19.99' },
  '1': { Number: 'r:1', Integer: 'i:1', Bool: 'i:1' },
  '0.5': { Number: 'r:0.5' },
  '1234567890123456789012.345678901': {},
  NaN: { Number: 't:NaN' },
};

function decimal(canonical: string): NonNullable<ReturnType<Kind>> {
  const kept = decimals[canonical];
  if (kept === undefined) throw new Error(`The oracle does not know the decimal ${canonical}.`);
  return { json: `"${canonical}"`, cells: { ...textCells(canonical), ...kept } };
}

function date(value: Date): NonNullable<ReturnType<Kind>> {
  const ms = value.getTime();
  const iso = value.toISOString();
  return { json: `"${iso}"`, cells: { ...textCells(iso), Integer: `i:${ms}`, Number: `r:${ms}` } };
}

function boolean(value: boolean): NonNullable<ReturnType<Kind>> {
  const digit = value ? 1 : 0;
  const integer = `i:${digit}`;
  const cells = { Text: `t:${value}`, Integer: integer, Number: `r:${digit}`, Bool: integer, Any: integer };
  return { json: String(value), cells };
}

function binary(value: Binary): NonNullable<ReturnType<Kind>> {
  if (value.sub_type === Binary.SUBTYPE_UUID) return quoted(value.toUUID().toString());
  const base64 = Buffer.from(value.value()).toString('base64');
  return { json: `"${base64}"`, cells: { ...textCells(base64), Any: `b:${base64}` } };
}

function quoted(text: string): NonNullable<ReturnType<Kind>> {
  return { json: JSON.stringify(text), cells: textCells(text) };
}

/** Documents and arrays are their JSON. */
function nested(json: string): NonNullable<ReturnType<Kind>> {
  return { json, cells: textCells(json) };
}

function object(value: object): NonNullable<ReturnType<Kind>> {
  const fields = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}:${described(field).json}`);
  return nested(`{${fields.join(',')}}`);
}

const kinds: readonly Kind[] = [
  (value) => (value === null ? { json: 'null', cells: noCells } : null),
  (value) => (value instanceof Int32 ? int64(BigInt(value.value)) : null),
  (value) => (value instanceof Long ? int64(value.toBigInt()) : null),
  (value) => (value instanceof Double ? double(value.value) : null),
  (value) => (value instanceof Decimal128 ? decimal(value.toString()) : null),
  (value) => (value instanceof Date ? date(value) : null),
  (value) => (typeof value === 'boolean' ? boolean(value) : null),
  (value) => (value instanceof Binary ? binary(value) : null),
  (value) => (value instanceof ObjectId ? quoted(value.toHexString()) : null),
  (value) => (typeof value === 'string' ? quoted(value) : null),
  (value) => (Array.isArray(value) ? nested(`[${value.map((item) => described(item).json).join(',')}]`) : null),
  (value) => (typeof value === 'object' && value !== null ? object(value) : null),
];
