import { serialize } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBuffer, ElementWalk, MalformedFrameError } from './element-walk.ts';
import { everyType } from './sample-documents.ts';

function names(document: Buffer): string[] {
  const found: string[] = [];
  const walk = new ElementWalk(document);
  while (walk.next()) found.push(walk.name);
  return found;
}

describe('walking raw elements', () => {
  test('steps over every BSON type to the next element', () => {
    const document = everyType();
    const raw = asBuffer(serialize(document, { ignoreUndefined: false }));
    expect(names(raw)).toEqual([...document.keys()]);
  });

  test('values are slices of the same memory', () => {
    const raw = asBuffer(serialize({ a: { b: 1 } }));
    const walk = new ElementWalk(raw);
    walk.next();
    expect(walk.value().buffer).toBe(raw.buffer);
    expect(names(walk.value())).toEqual(['b']);
  });

  test('damaged bytes give a MalformedFrameError or a walk that ends, never a read outside', () => {
    const raw = asBuffer(serialize(everyType(), { ignoreUndefined: false }));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: raw.length - 1 }), fc.integer({ min: 0, max: 255 }), (position, byte) => {
        const damaged = Buffer.from(raw);
        damaged[position] = byte;
        try {
          const walk = new ElementWalk(damaged);
          while (walk.next()) expect(walk.end).toBeLessThan(damaged.length);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFrameError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('a frame cut short is refused at every length', () => {
    const raw = asBuffer(serialize({ a: 'text', b: { c: 1 } }));
    for (let length = 0; length < raw.length; length++)
      expect(() => names(raw.subarray(0, length))).toThrow(MalformedFrameError);
  });
});
