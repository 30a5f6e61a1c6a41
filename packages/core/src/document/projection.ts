/**
 * Compiles a shape's columns into a projection from a raw document to an oplog row. One pass locates all values; then each
 * column is written. Invalid UTF-8 in a text is replaced by U+FFFD and counted as a coercion error.
 */
import { checkedDocument } from '@emcachers/bson/value-end';
import { columnTraits } from '../column-traits.ts';
import type { Column, ColumnType } from '../shape.ts';
import { columnValue, refused } from './column-value.ts';
import { toDocumentError } from './document-error.ts';
import { holdsDamagedText, type ValueAt, valueJson } from './json-writer.ts';
import { collectedType, type Located, LocatedValues, locate } from './located-values.ts';
import { parsePath } from './path.ts';
import { buildPathTree, type PathNode } from './path-tree.ts';
import { encodeCell } from './row-codec.ts';

/** The result of projecting one document. */
export interface ProjectedRow {
  /** The row in the oplog's encoding; see `row-codec.ts`. */
  readonly data: string;
  /** Values that the column type could not hold (stored as NULL), and texts with invalid UTF-8 (repaired). */
  readonly coercionErrors: number;
}

/** The outcome for one column: its path is missing, its value is kept, or its type cannot hold the value. */
export type ColumnOutcome = 'missing' | 'kept' | 'refused';

/** A shape, compiled to read documents. */
export interface Projection {
  /** Throws `DocumentError` if the bytes are not valid BSON. */
  project(raw: Uint8Array): ProjectedRow;
  /** One outcome per column, for the preview of a draft shape. Throws `DocumentError` as `project` does. */
  outcomes(raw: Uint8Array): readonly ColumnOutcome[];
}

/** Throws EMC-5001 if a path is invalid. */
export function compileProjection(columns: readonly Column[]): Projection {
  return new CompiledProjection(columns);
}

class CompiledProjection implements Projection {
  readonly #tree: PathNode;
  readonly #types: readonly ColumnType[];
  /** Reused for every document, which is safe because projecting is synchronous; saves three arrays per document. */
  readonly #found: LocatedValues;
  #refusals = 0;

  constructor(columns: readonly Column[]) {
    this.#tree = buildPathTree(columns.map(({ path }) => parsePath(path)));
    this.#types = columns.map(({ type }) => type);
    this.#found = new LocatedValues(columns.length);
  }

  project(raw: Uint8Array): ProjectedRow {
    try {
      return this.#row(raw);
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

  #row(raw: Uint8Array): ProjectedRow {
    const bytes = this.#locate(raw);
    this.#refusals = 0;
    let data = '[';
    for (let column = 0; column < this.#types.length; column += 1) {
      if (column > 0) data += ',';
      data += this.#cell(bytes, column);
    }
    return { data: `${data}]`, coercionErrors: this.#refusals };
  }

  #columnOutcomes(raw: Uint8Array): readonly ColumnOutcome[] {
    const bytes = this.#locate(raw);
    return this.#types.map((_, column) => {
      if (this.#found.types[column] === 0) return 'missing';
      this.#refusals = 0;
      this.#cell(bytes, column);
      return this.#refusals === 0 ? 'kept' : 'refused';
    });
  }

  #locate(raw: Uint8Array): Buffer {
    const bytes = checkedDocument(raw);
    this.#found.clear();
    locate(bytes, { node: this.#tree, start: 0 }, this.#found);
    return bytes;
  }

  #cell(bytes: Buffer, column: number): string {
    const type = this.#found.types[column] ?? 0;
    if (type === 0) return 'null';
    const columnType = this.#types[column] ?? 'Any';
    if (type === collectedType) return this.#collectedCell(bytes, this.#found.at(column), columnType);
    const value = { type, start: this.#found.starts[column] ?? 0 };
    const kept = columnValue(bytes, value, columnType);
    if (kept === refused) return this.#refuse();
    if (typeof kept === 'string' && isDamaged(bytes, value, kept)) this.#refusals += 1;
    return encodeCell(kept, columnType);
  }

  /** Collected values are stored as a JSON array, in the column types that can hold one. */
  #collectedCell(bytes: Buffer, located: Located | null, columnType: ColumnType): string {
    if (located === null || !columnTraits[columnType].keepsCollected) return this.#refuse();
    const json = locatedJson(bytes, located);
    if (json.includes('\ufffd') && holdsDamage(bytes, located)) this.#refusals += 1;
    return JSON.stringify(json);
  }

  #refuse(): string {
    this.#refusals += 1;
    return 'null';
  }
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
