/**
 * Compiles a shape's columns into a projection from a raw document to an oplog row. One pass locates all values; then each
 * column is written. Invalid UTF-8 in a text is replaced by U+FFFD and counted as a coercion error.
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { checkedDocument } from '@emcachers/bson/value-end';
import { columnTraits } from '../column-traits.ts';
import type { Column, ColumnType } from '../shape.ts';
import { columnValue, refused } from './column-value.ts';
import { DocumentError, RefusedValueError, toDocumentError } from './document-error.ts';
import { leastEncodedBytes, mostEncodedBytes } from './encoded-size.ts';
import { holdsDamagedText, type ValueAt, valueJson } from './json-writer.ts';
import { collectedType, type Located, LocatedValues, locate } from './located-values.ts';
import { compileMask, type MaskValue } from './masked-value.ts';
import { parsePath } from './path.ts';
import { buildPathTree, type PathNode } from './path-tree.ts';
import { encodeCell, type SqlValue } from './row-codec.ts';

/** The result of projecting one document. */
export interface ProjectedRow {
  /** The row in the oplog's encoding; see `row-codec.ts`. */
  readonly data: string;
  /** Values that the column type could not hold (stored as NULL), and texts with invalid UTF-8 (repaired). */
  readonly coercionErrors: number;
}

/** Counts of several documents, by column in the shape's order. */
export interface ColumnCounts {
  /** Documents in which the path of the column met a value. */
  readonly met: number[];
  /** Coercion errors of the column. */
  readonly refused: number[];
  /** Documents outside of the shape's filter, which met no column. */
  outside: number;
}

/** Counts of no documents yet. */
export function emptyColumnCounts(columnCount: number): ColumnCounts {
  const zeros = () => new Array<number>(columnCount).fill(0);
  return { met: zeros(), refused: zeros(), outside: 0 };
}

/**
 * The default limit of one encoded row, bytes. A document of 16 MB that is copied as a whole fits, unless most of it are
 * characters that JSON escapes; a row above it would cost several times its size in memory at each step to the cache.
 */
export const rowBytesMaxDefault: number = 64 * 1024 * 1024;

/** The outcome for one column: its path is missing, its value is kept, or its type cannot hold the value. */
export type ColumnOutcome = 'missing' | 'kept' | 'refused';

/** A shape, compiled to read documents. */
export interface Projection {
  /**
   * Throws `DocumentError` if the bytes are not valid BSON, the row is larger than the limit, or a column that must not lose
   * a value cannot hold it. Adds to `counts` only if it does not throw.
   */
  project(raw: Uint8Array, counts?: ColumnCounts): ProjectedRow;
  /** One outcome per column, for the preview of a draft shape. Throws `DocumentError` as `project` does. */
  outcomes(raw: Uint8Array): readonly ColumnOutcome[];
}

/** What a projection needs beside the columns. */
export interface ProjectionOptions {
  /** Largest encoded row, bytes; `rowBytesMaxDefault`. */
  readonly rowBytesMax?: number;
  /** For the columns that are masked by a hash. */
  readonly maskKey?: Uint8Array | null;
}

/** Throws EMC-5001 if a path is invalid, EMC-2020 if a mask needs a key and there is none. */
export function compileProjection(columns: readonly Column[], options: ProjectionOptions = {}): Projection {
  return new CompiledProjection(columns, options);
}

/** UTF-8 has at most three bytes for each UTF-16 unit. */
const bytesPerCharMax = 3;

class CompiledProjection implements Projection {
  readonly #tree: PathNode;
  readonly #columns: readonly Column[];
  readonly #types: readonly ColumnType[];
  readonly #masks: readonly (MaskValue | null)[];
  readonly #rowBytesMax: number;
  /** Reused for every document, which is safe because projecting is synchronous; saves three arrays per document. */
  readonly #found: LocatedValues;
  /** Coercion errors of the current document, by column. */
  readonly #refusals: Uint8Array;

  constructor(columns: readonly Column[], { rowBytesMax = rowBytesMaxDefault, maskKey = null }: ProjectionOptions) {
    this.#columns = columns;
    this.#masks = columns.map((column) => compileMask(column, maskKey));
    this.#rowBytesMax = rowBytesMax;
    this.#refusals = new Uint8Array(columns.length);
    this.#tree = buildPathTree(columns.map(({ path }) => parsePath(path)));
    this.#types = columns.map(({ type }) => type);
    this.#found = new LocatedValues(columns.length);
  }

  project(raw: Uint8Array, counts?: ColumnCounts): ProjectedRow {
    try {
      const data = this.#row(raw);
      if (counts !== undefined) this.#count(counts);
      return { data, coercionErrors: this.#refusals.reduce((sum, refusals) => sum + refusals, 0) };
    } catch (error) {
      throw toDocumentError(error);
    }
  }

  outcomes(raw: Uint8Array): readonly ColumnOutcome[] {
    try {
      return this.#columnOutcomes(raw);
    } catch (error) {
      throw toDocumentError(error);
    }
  }

  #row(raw: Uint8Array): string {
    const bytes = this.#locate(raw);
    let data = '[';
    for (let column = 0; column < this.#types.length; column += 1) {
      if (column > 0) data += ',';
      this.#checkLeast(bytes, column, data.length);
      data += this.#cell(bytes, column);
      if (this.#refusals[column] !== 0) this.#allowRefusal(column);
      // Checked after each cell, so that several large columns are never joined into one text.
      if (data.length > this.#rowBytesMax) throw this.#tooLarge(data.length);
    }
    data += ']';
    this.#checkBytes(data);
    return data;
  }

  /** Counts the bytes only of a row that may have too many. */
  #checkBytes(data: string): void {
    if (data.length * bytesPerCharMax <= this.#rowBytesMax) return;
    const bytes = Buffer.byteLength(data);
    if (bytes > this.#rowBytesMax) throw this.#tooLarge(bytes);
  }

  /** Throws before the cell is made if it makes the row too large. Measures only what a large document may hold. */
  #checkLeast(bytes: Buffer, column: number, rowChars: number): void {
    const left = this.#rowBytesMax - rowChars;
    if (mostEncodedBytes(bytes.length) <= left) return;
    const { isJson, keepsCollected } = columnTraits[this.#types[column] ?? 'Any'];
    const located = this.#found.at(column);
    // The columns that keep collected values are those that keep texts.
    if (located === null || !keepsCollected) return;
    const least = leastEncodedBytes(bytes, located, isJson || isContainer(located) ? 2 : 1);
    if (least > left) throw this.#tooLarge(rowChars + least);
  }

  /** Throws if the column must not lose a value. */
  #allowRefusal(index: number): void {
    const column = this.#columns[index];
    const policy = column?.whenRefused ?? 'null';
    if (column === undefined || policy === 'null') return;
    const detail = `Column ${column.name} (${column.type}) cannot hold the value at ${column.path}.`;
    throw new RefusedValueError(detail, policy === 'fail' ? 'EMC-6005' : 'EMC-6003', column.name);
  }

  #tooLarge(bytes: number): DocumentError {
    const detail = `The row has at least ${bytes} bytes; the limit is ${this.#rowBytesMax}.`;
    return new DocumentError(detail, undefined, 'EMC-6002');
  }

  #count({ met, refused: refusals }: ColumnCounts): void {
    for (let column = 0; column < this.#types.length; column += 1) {
      if (this.#found.types[column] !== 0) met[column] = (met[column] ?? 0) + 1;
      refusals[column] = (refusals[column] ?? 0) + (this.#refusals[column] ?? 0);
    }
  }

  #columnOutcomes(raw: Uint8Array): readonly ColumnOutcome[] {
    const bytes = this.#locate(raw);
    return this.#types.map((_, column) => {
      if (this.#found.types[column] === 0) return 'missing';
      this.#cell(bytes, column);
      return this.#refusals[column] === 0 ? 'kept' : 'refused';
    });
  }

  #locate(raw: Uint8Array): Buffer {
    const bytes = checkedDocument(raw);
    this.#found.clear();
    this.#refusals.fill(0);
    // Columns of the path `$`.
    for (const column of this.#tree.columns) this.#found.types[column] = bsonTypes.object;
    for (const column of this.#tree.columns) this.#found.starts[column] = 0;
    locate(bytes, { node: this.#tree, start: 0 }, this.#found);
    return bytes;
  }

  #cell(bytes: Buffer, column: number): string {
    const type = this.#found.types[column] ?? 0;
    if (type === 0) return 'null';
    const columnType = this.#types[column] ?? 'Any';
    if (type === collectedType) return this.#collectedCell(bytes, column);
    const value = { type, start: this.#found.starts[column] ?? 0 };
    const kept = columnValue(bytes, value, columnType);
    if (kept === refused) return this.#refuse(column);
    if (typeof kept === 'string' && isDamaged(bytes, value, kept)) this.#refusals[column] = 1;
    return encodeCell(this.#masked(column, kept), columnType);
  }

  /** Collected values are stored as a JSON array, in the column types that can hold one. */
  #collectedCell(bytes: Buffer, column: number): string {
    const located = this.#found.at(column);
    if (located === null || !columnTraits[this.#types[column] ?? 'Any'].keepsCollected) return this.#refuse(column);
    const json = locatedJson(bytes, located);
    if (json.includes('\ufffd') && holdsDamage(bytes, located)) this.#refusals[column] = 1;
    return encodeCell(this.#masked(column, json), this.#types[column] ?? 'Any');
  }

  #masked(column: number, value: SqlValue): SqlValue {
    const mask = this.#masks[column] ?? null;
    return mask === null || value === null ? value : mask(value);
  }

  #refuse(column: number): string {
    this.#refusals[column] = 1;
    return 'null';
  }
}

/** Whether the value is JSON also in a column of another type. */
function isContainer(located: Located): boolean {
  return 'values' in located || located.type === bsonTypes.object || located.type === bsonTypes.array;
}

function isDamaged(bytes: Buffer, value: ValueAt, text: string): boolean {
  return text.includes('\ufffd') && holdsDamagedText(bytes, value);
}

function locatedJson(bytes: Buffer, located: Located): string {
  if (!('values' in located)) return valueJson(bytes, located, 1);
  return `[${located.values.map((value) => locatedJson(bytes, value)).join(',')}]`;
}

function holdsDamage(bytes: Buffer, located: Located): boolean {
  if (!('values' in located)) return holdsDamagedText(bytes, located);
  return located.values.some((value) => holdsDamage(bytes, value));
}
