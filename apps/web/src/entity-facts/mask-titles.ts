import type { ColumnMask } from '@emcachers/core/column-mask';

/** What a column keeps of a value, in the console's words. */
export const maskTitles: Readonly<Record<ColumnMask['kind'], string>> = {
  hash: 'Hash',
  redact: 'Redact',
  truncate: 'Truncate',
};
