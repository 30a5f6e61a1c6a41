import type { SqlRow, SqlValue } from './cache.ts';

/** Integers arrive as bigints, so that none is rounded. Those that a number represents exactly become numbers, in place. */
export function exactRow(row: Record<string, SqlValue>): SqlRow {
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER)
      row[name] = Number(value);
  }
  return row;
}
