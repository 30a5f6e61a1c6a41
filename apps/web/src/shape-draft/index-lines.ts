import type { CacheIndex } from '@emcachers/core/cache-index';

/** What typed lines mean: one index in each, its columns separated by commas. Undefined if nothing is typed. */
export function indexesOfText(text: string): CacheIndex[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return undefined;
  return lines.map((line) => ({ columns: line.split(',').map((name) => name.trim()) }));
}

/** The reverse of `indexesOfText`. */
export function textOfIndexes(indexes: readonly CacheIndex[] | undefined): string {
  return (indexes ?? []).map(({ columns }) => columns.join(', ')).join('\n');
}
