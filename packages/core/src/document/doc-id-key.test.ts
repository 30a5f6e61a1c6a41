import { Binary, Decimal128, Double, Int32, Long, MaxKey, ObjectId, serialize, Timestamp, UUID } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { docIdOfDocument } from './doc-id.ts';
import { keyOfDocId } from './doc-id-key.ts';

const docIdOf = (_id: unknown): string => docIdOfDocument(serialize({ _id }, { ignoreUndefined: false }));

describe('keyOfDocId', () => {
  test.each([
    new ObjectId(),
    '507f1f77bcf86cd799439011',
    'plain',
    's:tagged',
    '',
    ' ä\0%41',
    new Int32(-7),
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    new Double(1.5),
    new Double(-0),
    new Double(Number.NaN),
    new Double(Number.NEGATIVE_INFINITY),
    new Double(5e300),
    Decimal128.fromString('1.00'),
    new Date(-1),
    true,
    false,
    null,
    new UUID(),
  ])('gives a key with the same DocID: %s', (id) => {
    const docId = docIdOf(id);
    const key = keyOfDocId(docId);
    expect(key === null ? null : docIdOfDocument(key)).toBe(docId);
  });

  test.each([
    'x'.repeat(1000),
    { a: 1 },
    new Binary(Buffer.from('ab')),
    Timestamp.fromBits(1, 2),
    new MaxKey(),
    Decimal128.fromString('0.1234567890123456789012345678901234'),
  ])('gives null for a DocID that does not tell its value', (id) => {
    expect(keyOfDocId(docIdOf(id))).toBeNull();
  });

  test('a string has the same bytes as the original, and no text makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const document = serialize({ _id: text });
        expect(keyOfDocId(docIdOfDocument(document))).toEqual(Buffer.from(document));
        keyOfDocId(text);
      }),
    );
  });
});
