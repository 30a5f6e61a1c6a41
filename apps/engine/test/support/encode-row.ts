import { encodeCell, type SqlValue } from '@emcachers/core/document/row-codec';
import type { ColumnType } from '@emcachers/core/shape';

/** A row as the oplog stores it. `types` are the types of its columns. */
export function encodeRow(values: readonly SqlValue[], types: readonly ColumnType[]): string {
  return `[${values.map((value, index) => encodeCell(value, types[index] ?? 'Any')).join(',')}]`;
}
