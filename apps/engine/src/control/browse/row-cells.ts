import { columnTraits } from '@emcachers/core/column-traits';
import { cellText, decodeRow } from '@emcachers/core/document/row-codec';
import type { Column } from '@emcachers/core/shape';

type CellValue = ReturnType<typeof decodeRow>[number];

/** An oplog row as one text per column: a JSON number would lose digits in a browser. */
export function rowCells(data: string, columns: readonly Column[]): (string | null)[] {
  return valuesOf(data, columns).map(cellText);
}

const previewCharsMax = 2_048;

/** The row as JSON text by column name, truncated after 2 KB. */
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

/** Integer columns give bigints, which are printed without a decimal point. */
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
