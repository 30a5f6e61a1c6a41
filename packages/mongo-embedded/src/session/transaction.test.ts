import { expect, test } from 'vitest';
import { scratchStore, stored } from '../testing/scratch-store.ts';
import { Transaction } from './transaction.ts';

const whole = { keys: null, range: null, isDescending: false } as const;
const page = { rows: 10, bytes: 1000 };

test('a statement that is still running when its transaction ends can neither read nor lock anything', () => {
  using scratch = scratchStore();
  const { access, store, locks } = scratch;
  const collection = access.collectionForWrite('shop', 'items');
  const [first, second] = [stored({ _id: 1 }), stored({ _id: 2 })];
  access.insert(collection, first, access.stamp());
  const transaction = new Transaction(
    { lsid: Buffer.from([5, 0, 0, 0, 0]), txnNumber: 7n, startedMs: 0 },
    { store, locks },
  );
  const found = access.get(collection, first.key);
  if (found === undefined) throw new Error('the document was not stored');
  const reader = transaction.access.pages(collection, whole);
  transaction.end();

  const late = transaction.access;
  const over = expect.objectContaining({ codeName: 'NoSuchTransaction' });
  expect(() => late.insert(collection, second)).toThrow(over);
  expect(() =>
    late.replace(collection, found, { document: first.bytes, kind: 'replace', updateDescription: null }),
  ).toThrow(over);
  expect(() => late.remove(collection, found)).toThrow(over);
  expect(() => late.get(collection, first.key)).toThrow(over);
  expect(() => reader.next(page)).toThrow(over);
  expect(() => late.collectionForWrite('shop', 'more')).toThrow(over);
  expect(locks.owners(collection).size).toBe(0);
});

test('ending a transaction twice releases its snapshot once', () => {
  using scratch = scratchStore();
  const { access, store, locks } = scratch;
  const collection = access.collectionForWrite('shop', 'items');
  const identity = { lsid: Buffer.from([5, 0, 0, 0, 0]), startedMs: 0 };
  const ended = new Transaction({ ...identity, txnNumber: 1n }, { store, locks });
  const open = new Transaction({ ...identity, txnNumber: 2n }, { store, locks });
  ended.end();
  ended.end();
  access.insert(collection, stored({ _id: 1 }), access.stamp());
  expect(open.access.pages(collection, whole).next(page)).toBe(null);
});
