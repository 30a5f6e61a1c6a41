import { columnTraits } from '@emcachers/core/column-traits';
import { cellText, decodeRow } from '@emcachers/core/document/row-codec';
import { rowJson } from '@emcachers/core/document/row-json';
import type { Column } from '@emcachers/core/shape';

type CellValue = ReturnType<typeof decodeRow>[number];

/** An oplog row as one text per column: a JSON number would lose digits in a browser. */
export function rowCells(data: string, columns: readonly Column[]): (string | null)[] {
  return valuesOf(data, columns).map(cellText);
}

const previewCharsMax = 2_048;

/** The row as the batch oplog API writes it, truncated after 2 KB. */
export function rowPreview(data: string, columns: readonly Column[]): { preview: string; previewCut: boolean } {
  const text = JSON.stringify(rowJson(data, columns));
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
