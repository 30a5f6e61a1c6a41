import { serialize } from 'bson';
import { describe, expect, test } from 'vitest';
import { keyDocument, toPage } from './collection-page.ts';

const document = (id: unknown): Buffer => Buffer.from(serialize({ x: 1, _id: id }));
/** A document whose `_id` is text that is not UTF-8. */
function strange(): Buffer {
  const raw = document('abc');
  raw[raw.indexOf('abc') + 1] = 0xff;
  return raw;
}

describe('a page of a collection', () => {
  test('continues after its last key, wherever _id is in the document', () => {
    const page = toPage([document(1), document(2)], 2);
    expect(page).toMatchObject({ exhausted: false });
    expect(page.lastKey).toEqual(Buffer.from(serialize({ _id: 2 })));
  });

  test('only an empty page ends the collection', () => {
    expect(toPage([], 2)).toMatchObject({ exhausted: true, lastKey: null });
    expect(toPage([document(null)], 2)).toMatchObject({ exhausted: false });
    expect(toPage([document(null)], 2).lastKey).toEqual(Buffer.from(serialize({ _id: null })));
  });

  test('ends at the last key that can be encoded exactly; the rest is read again', () => {
    const page = toPage([document('a'), strange(), strange()], 3);
    expect(page.documents).toHaveLength(1);
    expect(page).toMatchObject({ exhausted: false });
  });

  test('skips keys that cannot be encoded exactly at the end of the collection, and throws elsewhere', () => {
    expect(toPage([strange(), strange()], 3)).toMatchObject({ exhausted: true, lastKey: null });
    expect(toPage([strange(), strange()], 3).documents).toHaveLength(2);
    expect(() => toPage([strange(), strange(), strange()], 3)).toThrow('EMC-2007');
  });

  test('a document without _id has no key', () => {
    expect(keyDocument(Buffer.from(serialize({ x: 1 })))).toBeNull();
  });
});
