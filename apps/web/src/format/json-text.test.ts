import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indentJson } from './json-text.ts';

describe('indenting JSON text', () => {
  test('agrees with JSON.stringify wherever that loses nothing', () => {
    const plain = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('\\n'));
    fc.assert(
      fc.property(plain, (value) => {
        expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  test('keeps every digit of a 64-bit integer', () => {
    expect(indentJson('{"n":9223372036854775807}')).toBe('{\n  "n": 9223372036854775807\n}');
  });

  test('shows text that was cut as far as it goes', () => {
    expect(indentJson('{"a":1,"b":"half a wo')).toBe('{\n  "a": 1,\n  "b": "half a wo');
  });

  test('leaves marks inside strings alone', () => {
    expect(indentJson('["{\\"x\\":[1,2]}"]')).toBe('[\n  "{\\"x\\":[1,2]}"\n]');
  });
});
