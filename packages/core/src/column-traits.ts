import type { ColumnType } from './shape.ts';

/**
 * Properties of the column types that several parts of the code need. The table is total: a new column type does not
 * compile until it has a row here. What a column keeps of a BSON value is decided in `document/column-value.ts`.
 */
export interface ColumnTraits {
  /**
   * What a JavaScript number in this column is in SQLite. `tagged`: the column holds both INTEGER and REAL, so the row codec
   * marks which one a value is. `none`: the column never holds a number.
   */
  readonly numbers: 'INTEGER' | 'REAL' | 'tagged' | 'none';
  /** True if the column stores the values that a path collects from an array, as a JSON array in text. */
  readonly keepsCollected: boolean;
  /** True if every text in the column is JSON and can be embedded in other JSON without quotes. */
  readonly isJson: boolean;
}

export const columnTraits: Readonly<Record<ColumnType, ColumnTraits>> = {
  JSONB: { numbers: 'none', keepsCollected: true, isJson: true },
  Any: { numbers: 'tagged', keepsCollected: true, isJson: false },
  Bool: { numbers: 'INTEGER', keepsCollected: false, isJson: false },
  Number: { numbers: 'REAL', keepsCollected: false, isJson: false },
  Integer: { numbers: 'INTEGER', keepsCollected: false, isJson: false },
  Text: { numbers: 'none', keepsCollected: true, isJson: false },
};
