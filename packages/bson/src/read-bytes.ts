/**
 * Reads numbers and text at a position. The caller has checked the bounds, as `ElementWalk` does for every value that it
 * finds: beyond the end of the bytes these functions read zeros.
 */
import { Buffer } from 'node:buffer';

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Little-endian, signed. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Little-endian, unsigned: 0 to 2^32 − 1. Reads 4 bytes. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0;
}

/** Little-endian, signed. */
export function readInt64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readInt32(bytes, at + 4)) << 32n) | BigInt(readUint32(bytes, at));
}

const doubleCell = new DataView(new ArrayBuffer(8));

/** Little-endian IEEE 754 binary64; may be NaN, an infinity or −0. Reads 8 bytes. */
export function readDouble(bytes: Uint8Array, at: number): number {
  doubleCell.setInt32(0, readInt32(bytes, at), true);
  doubleCell.setInt32(4, readInt32(bytes, at + 4), true);
  return doubleCell.getFloat64(0, true);
}

/** UTF-8 between two positions; invalid bytes become U+FFFD, so names and ids are compared as bytes, not by this. */
export function textBetween(bytes: Uint8Array, start: number, end: number): string {
  return asBuffer(bytes).toString('utf8', start, end);
}
