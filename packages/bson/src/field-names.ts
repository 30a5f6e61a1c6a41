import type { Buffer } from 'node:buffer';
import { textBetween } from './read-bytes.ts';

interface KnownName {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Names that are remembered; a power of two. */
const slots = 1024;
/** Longer names are rare, and their copies would take memory. */
const nameBytesMax = 32;
const digitZero = 0x30;
const digitNine = 0x39;

const known: (KnownName | undefined)[] = new Array<KnownName | undefined>(slots).fill(undefined);

/**
 * The name between two positions. The same few names come in every document, and a call into native code for each of
 * them costs more than all else that a walk does: so short names are remembered by their bytes. Positions in arrays are
 * not, as they would drive out the names.
 */
export function nameBetween(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  const first = bytes[start] ?? 0;
  const isPosition = first >= digitZero && first <= digitNine;
  if (length === 0 || length > nameBytesMax || isPosition) return textBetween(bytes, start, end);
  const slot = slotOf(bytes, start, end);
  const candidate = known[slot];
  if (candidate?.bytes.length === length && isAt(candidate.bytes, bytes, start)) return candidate.text;
  const text = textBetween(bytes, start, end);
  known[slot] = { bytes: Uint8Array.prototype.slice.call(bytes, start, end), text };
  return text;
}

function slotOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  return (hash ^ (hash >>> 10)) & (slots - 1);
}

function isAt(name: Uint8Array, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < name.length; index += 1) if (name[index] !== bytes[start + index]) return false;
  return true;
}
