import { columnTraits } from '@emcachers/core/column-traits';
import { cellText, decodeRow } from '@emcachers/core/document/row-codec';
import type { Column } from '@emcachers/core/shape';

type CellValue = ReturnType<typeof decodeRow>[number];

/** A row of the oplog as text by column, so that no number loses a digit on its way to a browser. */
export function rowCells(data: string, columns: readonly Column[]): (string | null)[] {
  return valuesOf(data, columns).map(cellText);
}

const previewCharsMax = 2_048;

/** The row as JSON text by column name, for people; cut at 2 KB. */
export function rowPreview(data: string, columns: readonly Column[]): { preview: string; previewCut: boolean } {
  const values = valuesOf(data, columns);
  const members = columns.map(({ name, type }, index) => {
    const value = values[index] ?? null;
    return `${JSON.stringify(name)}:${columnTraits[type].isJson && typeof value === 'string' ? value : jsonText(value)}`;
  });
  const text = `{${members.join(',')}}`;
  if (text.length <= previewCharsMax) return { preview: text, previewCut: false };
  return { preview: text.slice(0, previewCharsMax), previewCut: true };
}

/** Whole numbers of columns that hold nothing else as bigints, which read without a point. */
function valuesOf(data: string, columns: readonly Column[]): CellValue[] {
  const types = columns.map((column) => column.type);
  return decodeRow(data, types).map((value, index) => {
    const type = types[index];
    const isInteger = type !== undefined && columnTraits[type].numbers === 'INTEGER';
    return isInteger && typeof value === 'number' ? BigInt(value) : value;
  });
}

function jsonText(value: CellValue): string {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? JSON.stringify(Buffer.from(value).toString('base64')) : JSON.stringify(value);
}
