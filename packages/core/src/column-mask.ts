import { z } from 'zod';
import { parsePath } from './document/path.ts';

/**
 * What a column keeps of a value that must not be copied. A mask is applied in the projection, so that the value itself is
 * neither in the oplog nor in a cache.
 *
 * - `hash`: HMAC-SHA-256 of the column's text under the key EMCACHERS_MASK_KEY, as hexadecimal. Equal values have equal hashes
 *   in all entities of one key, so that columns can still be joined and grouped.
 * - `redact`: only whether there is a value: the text `[redacted]`, or NULL in the columns that hold no text.
 * - `truncate`: the first characters of the column's text.
 */
export const maskSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hash') }),
  z.strictObject({ kind: z.literal('redact') }),
  z.strictObject({
    kind: z.literal('truncate'),
    /** Unicode code points. */
    length: z.int().min(1, 'Keep at least one character.').max(1_000, 'Keep at most 1000 characters.'),
  }),
]);
/** How a column hides its values. */
export type ColumnMask = z.infer<typeof maskSchema>;

export const maskKinds = ['hash', 'redact', 'truncate'] as const satisfies readonly ColumnMask['kind'][];

/** What a mask needs of a column. */
interface MaskableColumn {
  readonly name: string;
  readonly type: string;
  readonly path: string;
  readonly mask?: ColumnMask;
}

/** A column that hides nothing, although it was meant to, or that another column gives away. */
export interface MaskProblem {
  /** Of the column at fault. */
  readonly index: number;
  readonly part: 'mask' | 'path';
  readonly message: string;
}

/** The columns must have valid paths. */
export function maskProblems(columns: readonly MaskableColumn[]): readonly MaskProblem[] {
  const masked = columns.filter(({ mask }) => mask !== undefined);
  if (masked.length === 0) return [];
  return columns.flatMap((column, index) => {
    const message = column.mask === undefined ? givenAway(column, masked) : hidesNothing(column);
    return message === null ? [] : [{ index, part: column.mask === undefined ? 'path' : 'mask', message }];
  });
}

function hidesNothing({ type, path, mask }: MaskableColumn): string | null {
  if (fieldsOf(path)[0] === '_id') return 'The _id is the key of the row, doc_id, and cannot be masked.';
  if (mask?.kind === 'redact' || type === 'Text') return null;
  return `${mask?.kind === 'hash' ? 'A hash' : 'A truncated value'} is text: choose the type Text for this column.`;
}

/** An unmasked column that copies the same field, or a document around it, would undo the mask. */
function givenAway({ path }: MaskableColumn, masked: readonly MaskableColumn[]): string | null {
  const other = masked.find((candidate) => isWithin(fieldsOf(path), fieldsOf(candidate.path)));
  if (other === undefined) return null;
  return `This path includes the field of column ${other.name}, which is masked: mask this column too, or remove it.`;
}

/** Whether one path is a part of the other. */
function isWithin(a: readonly string[], b: readonly string[]): boolean {
  const shared = Math.min(a.length, b.length);
  return a.slice(0, shared).every((field, at) => field === b[at]);
}

/** The names of a path without array indexes: `items.0.sku` reads one of the values that `items.sku` collects. */
function fieldsOf(path: string): readonly string[] {
  return parsePath(path).filter((segment) => !/^\d+$/.test(segment));
}
