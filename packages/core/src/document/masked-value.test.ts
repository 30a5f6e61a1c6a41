import { serialize } from 'bson';
import { describe, expect, test } from 'vitest';
import type { Column } from '../shape.ts';
import { maskKeyId } from './masked-value.ts';
import { compileProjection } from './projection.ts';
import { decodeRow } from './row-codec.ts';

const maskKey = Buffer.from('a key of thirty-two bytes, or so.');

function masked(column: Pick<Column, 'type'> & Partial<Column>, value: unknown, key: Uint8Array | null = maskKey) {
  const whole: Column = { name: 'v', path: 'v', ...column };
  const { data } = compileProjection([whole], { maskKey: key }).project(
    serialize({ v: value }, { ignoreUndefined: true }),
  );
  return decodeRow(data, [whole.type])[0];
}
const hashed = (value: unknown, key?: Uint8Array) => masked({ type: 'Text', mask: { kind: 'hash' } }, value, key);

describe('a masked column', () => {
  test('has the HMAC-SHA-256 of the text: equal for equal values, another one for another value or key', () => {
    expect(hashed('a@b.example')).toBe('f0f3b2b73e12f1578baca4d40a06638c5ff63f717b58f60c95381b80c2bf309c');
    expect(hashed(7)).toBe(hashed('7'));
    expect(hashed('a@c.example')).not.toBe(hashed('a@b.example'));
    expect(hashed('a@b.example', Buffer.alloc(32, 1))).not.toBe(hashed('a@b.example'));
  });

  test('keeps NULL where there is no value, so that what is missing does not look like a value', () => {
    for (const mask of [{ kind: 'hash' }, { kind: 'redact' }, { kind: 'truncate', length: 2 }] as const) {
      expect(masked({ type: 'Text', mask }, undefined)).toBeNull();
      expect(masked({ type: 'Text', mask }, null)).toBeNull();
    }
    expect(masked({ type: 'JSONB', mask: { kind: 'redact' } }, null)).toBe('null');
  });

  test.each([
    ['Text', 'secret', '[redacted]'],
    ['Any', 4711, '[redacted]'],
    ['JSONB', { a: 'secret' }, '"[redacted]"'],
    ['Integer', 4711, null],
    ['Number', 47.11, null],
    ['Bool', true, null],
  ] as const)('redacts a value of the type %s', (type, value, kept) => {
    expect(masked({ type, mask: { kind: 'redact' } }, value)).toBe(kept);
  });

  test('keeps the first characters and cuts none in half', () => {
    const mask = { kind: 'truncate', length: 3 } as const;
    expect(masked({ type: 'Text', mask }, 'a\u{1f600}b\u{1f600}')).toBe('a\u{1f600}b');
    expect(masked({ type: 'Text', mask }, 'ab')).toBe('ab');
    expect(masked({ type: 'Text', mask }, 123_456)).toBe('123');
  });

  test('masks what a path collects from an array', () => {
    const value = [{ x: 'secret-1' }, { x: 'secret-2' }];
    expect(masked({ type: 'Text', path: 'v.x', mask: { kind: 'hash' } }, value)).toMatch(/^[0-9a-f]{64}$/);
    expect(masked({ type: 'Any', path: 'v.x', mask: { kind: 'redact' } }, value)).toBe('[redacted]');
    expect(masked({ type: 'JSONB', path: 'v.x', mask: { kind: 'redact' } }, value)).toBe('"[redacted]"');
  });

  test('is refused without a key if it has hashes', () => {
    expect(() => masked({ type: 'Text', mask: { kind: 'hash' } }, 'a', null)).toThrow('EMC-2020');
    expect(masked({ type: 'Text', mask: { kind: 'redact' } }, 'a', null)).toBe('[redacted]');
  });
});

test('the id of a key tells keys apart', () => {
  expect(maskKeyId(maskKey)).toMatch(/^[0-9a-f]{16}$/);
  expect(maskKeyId(maskKey)).not.toBe(maskKeyId(Buffer.alloc(32)));
});
