import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPath, parsePath } from './path.ts';

describe('a path', () => {
  test('is split at dots, except inside quotes', () => {
    expect(parsePath('customer.address.city')).toEqual(['customer', 'address', 'city']);
    expect(parsePath('totals."net.eur".0')).toEqual(['totals', 'net.eur', '0']);
    expect(parsePath('"".x')).toEqual(['', 'x']);
    expect(parsePath('"a\\"b\\\\"')).toEqual(['a"b\\']);
    expect(parsePath('"$weird field"."*"')).toEqual(['$weird field', '*']);
    expect(parsePath('a*b.c$')).toEqual(['a*b', 'c$']);
  });

  test.each(['', '.', 'a.', '.a', 'a..b', '"a', 'a"b', '"a"b', 'a\0'])('refuses %j and says where', (text) => {
    expect(() => parsePath(text)).toThrow(/EMC-5001.*character \d+/s);
  });

  test('of one dollar sign is the whole document', () => {
    expect(parsePath('$')).toEqual([]);
    expect(formatPath([])).toBe('$');
  });

  test.each(['$root', '$$ROOT', '*', '$.a', 'a.*', 'items.*.sku', 'a.$b', '$id'])(
    'refuses %s, which as a field name would meet nothing, and accepts it in quotes',
    (text) => {
      expect(() => parsePath(text)).toThrow(/EMC-5001.*(whole document|wildcards).*in quotes/s);
      const quoted = text.split('.').map((name) => JSON.stringify(name));
      expect(parsePath(quoted.join('.'))).toEqual(text.split('.'));
    },
  );

  test('reaches the fields of a DBRef without quotes', () => {
    expect(parsePath('customer.$id')).toEqual(['customer', '$id']);
  });

  test('is parsed back from its formatted text', () => {
    const name = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(fc.oneof(name, fc.constantFrom('*', '$', '$root', ''))), (segments) => {
        expect(parsePath(formatPath(segments))).toEqual(segments);
      }),
    );
  });
});
