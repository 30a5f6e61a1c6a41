import { hash } from 'node:crypto';
import type { ShownRow } from '../row-explanation.ts';

/** Characters of a cell that are shown. */
export const shownCharsMax = 2_048;

/** The beginning of a long cell. A pair of surrogates is not split. */
export function cutCell(text: string): string {
  return text.slice(0, shownCharsMax).replace(/[\ud800-\udbff]$/, '');
}

/** A row for an explanation, from the text of each cell: its beginning, and a digest of the whole. */
export function shownRow(texts: readonly (string | null)[]): ShownRow {
  const isLong = (text: string | null): boolean => text !== null && text.length > shownCharsMax;
  return {
    cells: texts.map((text) => (text === null ? null : cutCell(text))),
    cut: texts.flatMap((text, index) => (isLong(text) ? [index] : [])),
    // A text and NULL never have the same digest.
    digests: texts.map((text) => (text === null ? 'null' : hash('sha256', text))),
  };
}
