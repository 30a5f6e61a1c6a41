/** Applies a column's mask to a value that the column would store. The key of the hashes is never written anywhere. */
import { createHmac } from 'node:crypto';
import { columnTraits } from '../column-traits.ts';
import { EmcachersError } from '../emcachers-error.ts';
import type { Column } from '../shape.ts';
import { unreachable } from '../unreachable.ts';
import type { SqlValue } from './row-codec.ts';

/** What stands in the place of a redacted value in columns that hold text. */
export const redactedText = '[redacted]';

/** Maps a value that is not null. */
export type MaskValue = (value: Exclude<SqlValue, null>) => SqlValue;

/** Null if the column has no mask. Throws EMC-2020 if its mask needs a key and there is none. */
export function compileMask({ mask, type, name }: Column, key: Uint8Array | null): MaskValue | null {
  if (mask === undefined) return null;
  switch (mask.kind) {
    case 'hash':
      if (key === null) throw keyMissing(name);
      return (value) => createHmac('sha256', key).update(String(value)).digest('hex');
    case 'redact':
      return redaction(type);
    case 'truncate':
      return (value) => firstCharacters(String(value), mask.length);
    default:
      return unreachable(mask);
  }
}

function keyMissing(columnName: string): EmcachersError {
  return new EmcachersError({
    code: 'EMC-2020',
    detail: `Column ${columnName} is masked by a hash, but EMCACHERS_MASK_KEY is not set.`,
  });
}

/** A number that stands for any number would be mistaken for one, so columns without text have NULL. */
function redaction(type: Column['type']): MaskValue {
  const { keepsCollected, isJson } = columnTraits[type];
  if (!keepsCollected) return () => null;
  if (!isJson) return () => redactedText;
  // A document's null stays null: there is nothing to hide.
  return (value) => (value === 'null' ? value : JSON.stringify(redactedText));
}

/** Code points, so that no character is cut in half. */
function firstCharacters(text: string, length: number): string {
  let end = 0;
  for (let count = 0; count < length && end < text.length; count += 1)
    end += (text.codePointAt(end) ?? 0) > 0xff_ff ? 2 : 1;
  return text.slice(0, end);
}

/** Tells keys apart without giving them away; kept beside each shape that a key is used for. */
export function maskKeyId(key: Uint8Array): string {
  return createHmac('sha256', key).update('EMCachers mask key').digest('hex').slice(0, 16);
}
