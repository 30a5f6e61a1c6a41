/** Writes the parts of BSON values (https://bsonspec.org/spec.html). */
import { Buffer } from 'node:buffer';

/** Type and bytes of one element's value. */
export interface Encoded {
  readonly type: number;
  readonly bytes: Uint8Array;
}

export type Encode = (value: unknown) => Encoded;

export function documentBytes(fields: Iterable<readonly [string, unknown]>, encode: Encode): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, value] of fields) {
    const { type, bytes } = encode(value);
    parts.push(Uint8Array.of(type), nameBytes(name), bytes);
  }
  const body = Buffer.concat([...parts, Uint8Array.of(0)]);
  return Buffer.concat([int32Bytes(body.length + 4), body]);
}

/** Length, UTF-8, NUL. */
export function textBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([int32Bytes(bytes.length + 1), bytes, Uint8Array.of(0)]);
}

export function binaryBytes(subtype: number, bytes: Uint8Array): Uint8Array {
  // Subtype 2 has a second length inside.
  const inner = subtype === 2 ? Buffer.concat([int32Bytes(bytes.length), bytes]) : bytes;
  return Buffer.concat([int32Bytes(inner.length), Uint8Array.of(subtype), inner]);
}

export function regexBytes(pattern: string, options: string): Uint8Array {
  return Buffer.concat([nameBytes(pattern), nameBytes(options)]);
}

export function int32Bytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

export function int64Bytes(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

export function doubleBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function nameBytes(name: string): Uint8Array {
  if (name.includes('\0')) throw new TypeError('A field name cannot contain NUL.');
  return Buffer.from(`${name}\0`, 'utf8');
}
