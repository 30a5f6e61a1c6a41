import type { RowsPage } from '@emcachers/core/api-views';

/** Cells that differ from the picture before, as `docId` → column numbers; a row that is new is marked in every column. */
export type RowChanges = ReadonlyMap<string, ReadonlySet<number>>;

const none: RowChanges = new Map();

/** Compares two pictures of one page. A page with other columns is another table: nothing is marked. */
export function changedCells(before: RowsPage | undefined, after: RowsPage): RowChanges {
  if (before === undefined || before.columns.join('\0') !== after.columns.join('\0')) return none;
  const old = new Map(before.rows.map((row) => [row.docId, row.cells]));
  const changes = new Map<string, ReadonlySet<number>>();
  for (const row of after.rows) {
    const cells = old.get(row.docId);
    const differing = row.cells.flatMap((cell, column) => (cells?.[column] === cell ? [] : [column]));
    if (differing.length > 0) changes.set(row.docId, new Set(differing));
  }
  return changes;
}
