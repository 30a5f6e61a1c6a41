import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPath, parsePath } from './path.ts';

describe('a path', () => {
  test('is split at dots, except inside quotes', () => {
    expect(parsePath('customer.address.city')).toEqual(['customer', 'address', 'city']);
    expect(parsePath('totals."net.eur".0')).toEqual(['totals', 'net.eur', '0']);
    expect(parsePath('"".x')).toEqual(['', 'x']);
    expect(parsePath('"a\\"b\\\\"')).toEqual(['a"b\\']);
    expect(parsePath('$weird field')).toEqual(['$weird field']);
  });

  test.each(['', '.', 'a.', '.a', 'a..b', '"a', 'a"b', '"a"b', 'a\0'])('refuses %j and says where', (text) => {
    expect(() => parsePath(text)).toThrow(/EMC-5001.*character \d+/s);
  });

  test('is parsed back from its formatted text', () => {
    const name = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (segments) => {
        expect(parsePath(formatPath(segments))).toEqual(segments);
      }),
    );
  });
});
