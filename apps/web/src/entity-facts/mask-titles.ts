import type { ColumnMask } from '@emcachers/core/column-mask';

/** What a column keeps of a value, in the console's words. */
export const maskTitles: Readonly<Record<ColumnMask['kind'], string>> = {
  hash: 'Hash',
  redact: 'Redact',
  truncate: 'Truncate',
};

/** The mask of a column, with its length if it has one. */
export function maskTitle(mask: ColumnMask): string {
  return mask.kind === 'truncate' ? `${maskTitles.truncate} to ${mask.length}` : maskTitles[mask.kind];
}
