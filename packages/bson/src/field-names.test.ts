import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameBetween } from './field-names.ts';

test('a name is the text of its bytes, whatever was read before', () => {
  const names = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(names, (all) => {
      for (const name of [...all, ...all.toReversed()]) {
        const bytes = Buffer.concat([Buffer.of(7), name, Buffer.of(0)]);
        expect(nameBetween(bytes, 1, 1 + name.length)).toBe(Buffer.from(name).toString('utf8'));
      }
    }),
  );
});

test('names that share a slot do not change one another', () => {
  for (let round = 0; round < 2; round += 1) {
    for (let number = 0; number < 5_000; number += 1) {
      const text = `field${number}`;
      expect(nameBetween(Buffer.from(text), 0, text.length)).toBe(text);
    }
  }
});

test('a remembered name does not follow the bytes that it was read from', () => {
  const bytes = Buffer.from('customer');
  expect(nameBetween(bytes, 0, 8)).toBe('customer');
  bytes.write('employee');
  expect(nameBetween(bytes, 0, 8)).toBe('employee');
  expect(nameBetween(Buffer.from('customer'), 0, 8)).toBe('customer');
});
