import { ElementWalk } from '@emcachers/bson/element-walk';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { valueJson } from '@emcachers/core/document/json-writer';
import type { DeadLetterRecord } from '@emcachers/db/fleet/read-dead-letters';
import { z } from 'zod';
import { iso } from '../fleet/iso-time.ts';

/** A dead letter in the API: the document, the reason and the times. */
export const deadLetterViewSchema = z.object({
  docId: z.string(),
  /** The document's `_id` as JSON; null if it is too large to keep or is not valid BSON. */
  key: z.string().nullable(),
  /** The column whose policy refused the document; null if it was refused for another reason. */
  column: z.string().nullable(),
  errorCode: z.string(),
  error: z.string(),
  /** How often the document was refused. */
  attempts: z.number().int(),
  /** When the document was first refused. */
  createdAt: z.iso.datetime(),
  /** When the document was last refused. */
  updatedAt: z.iso.datetime(),
});
export type DeadLetterView = z.infer<typeof deadLetterViewSchema>;

export function deadLetterView(letter: DeadLetterRecord): DeadLetterView {
  const { docId, errorCode, reason, attempts } = letter;
  return {
    docId,
    key: letter.documentKey === null ? null : keyJson(letter.documentKey),
    column: letter.columnName,
    errorCode,
    error: reason,
    attempts,
    createdAt: iso(letter.createdAtMs),
    updatedAt: iso(letter.updatedAtMs),
  };
}

function keyJson(documentKey: Uint8Array): string | null {
  try {
    const bytes = asBuffer(documentKey);
    const walk = new ElementWalk(bytes);
    while (walk.next()) if (walk.name === '_id') return valueJson(bytes, { type: walk.type, start: walk.start }, 1);
  } catch {
    // The bytes are not valid BSON, which may be why there is a dead letter.
  }
  return null;
}
