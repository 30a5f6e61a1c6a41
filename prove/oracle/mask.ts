/** What a masked column keeps, as docs/glossary.md says it, written a second time from there. */
import { createHmac } from 'node:crypto';
import { type ColumnType, expectedCell } from './cell.ts';

/** The EMCACHERS_MASK_KEY of every engine of a run. */
export const maskKey = 'the key of a proof, 32 bytes or more';

export type Mask =
  | { readonly kind: 'hash' }
  | { readonly kind: 'redact' }
  | { readonly kind: 'truncate'; readonly length: number };

const redacted: Readonly<Record<ColumnType, string>> = {
  Text: 't:[redacted]',
  Any: 't:[redacted]',
  JSONB: 't:"[redacted]"',
  Bool: 'null',
  Integer: 'null',
  Number: 'null',
};

/** `undefined` is a path that met nothing. A missing value and a null stay what they are. */
export function expectedMasked(value: unknown, type: ColumnType, mask: Mask): string {
  const cell = expectedCell(value, type);
  if (value === undefined || value === null) return cell;
  if (mask.kind === 'redact') return redacted[type];
  if (!cell.startsWith('t:')) throw new Error(`The oracle knows no ${mask.kind} of ${cell}.`);
  const text = cell.slice('t:'.length);
  if (mask.kind === 'hash') return `t:${createHmac('sha256', maskKey).update(text).digest('hex')}`;
  // By code points, as the iterator of a string gives them.
  return `t:${[...text].slice(0, mask.length).join('')}`;
}
