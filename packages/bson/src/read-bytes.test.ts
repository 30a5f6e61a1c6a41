import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBuffer, readDouble, readInt32, readInt64, readUint32, textBetween } from './read-bytes.ts';

describe('reading numbers', () => {
  test('agrees with DataView at any position', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 24 }), fc.nat(16), (bytes, offset) => {
        const at = Math.min(offset, bytes.length - 8);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        expect(readInt32(bytes, at)).toBe(view.getInt32(at, true));
        expect(readUint32(bytes, at)).toBe(view.getUint32(at, true));
        expect(readInt64(bytes, at)).toBe(view.getBigInt64(at, true));
        expect(readDouble(bytes, at)).toBe(view.getFloat64(at, true));
      }),
    );
  });

  test('reads zeros beyond the end, not other memory', () => {
    expect(readInt32(Uint8Array.of(1), 0)).toBe(1);
    expect(readInt64(Uint8Array.of(), 100)).toBe(0n);
  });
});

describe('a view as a Buffer', () => {
  test('covers only the memory of the view', () => {
    const view = new Uint8Array(Uint8Array.from(Buffer.from('abcdef')).buffer, 2, 3);
    expect(asBuffer(view).toString()).toBe('cde');
    expect(asBuffer(view).buffer).toBe(view.buffer);
  });

  test('decodes invalid UTF-8 as U+FFFD', () => {
    expect(textBetween(Uint8Array.of(0x61, 0xff, 0x62), 0, 3)).toBe('a\ufffdb');
  });
});
