import { expect, test } from 'vitest';
import { BsonWriter } from '../bson/bson-writer.ts';
import { scratchStore } from '../testing/scratch-store.ts';
import { duplicateKey } from './duplicate-key.ts';

// Source: manual, "Unique Indexes"; `buildDupKeyErrorStatus` in mongodb/mongo.
test('names the index and repeats the bytes of the values that collide', () => {
  using scratch = scratchStore();
  const collection = scratch.access.collectionForWrite('shop', 'items');
  const id = new BsonWriter().int32('2', 1).string('1', 'x').finish();
  const failure = duplicateKey(collection, null, new BsonWriter().document('_id', id).finish());
  expect(failure.message).toBe(
    'E11000 duplicate key error collection: shop.items index: _id_ dup key: { _id: { 2: 1, 1: "x" } }',
  );
  const reply = failure.appendDetails(new BsonWriter()).finish();
  const expected = new BsonWriter().beginDocument('keyPattern').int32('_id', 1).end();
  expect(reply.equals(expected.beginDocument('keyValue').document('_id', id).end().finish())).toBe(true);
});
