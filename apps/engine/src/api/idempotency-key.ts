import type { IncomingHttpHeaders } from 'node:http';
import { EmcachersError } from '@emcachers/core/emcachers-error';

export const idempotencyKeyCharsMax = 255;

/** Null if the client sent none. Throws EMC-5001 if it is empty, too long or not printable ASCII, as a header's value must be. */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | null {
  const key = headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && key.length <= idempotencyKeyCharsMax && /^[\x21-\x7e]+$/.test(key)) return key;
  const message = `Use 1 to ${idempotencyKeyCharsMax} printable ASCII characters without spaces, for example a UUID.`;
  throw new EmcachersError({
    code: 'EMC-5001',
    detail: `Idempotency-Key: ${message}`,
    fields: [{ path: ['Idempotency-Key'], message }],
  });
}
