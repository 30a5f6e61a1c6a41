import { deserialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Collection } from '../storage/catalog.ts';
import { scratchStore, stored } from '../testing/scratch-store.ts';
import { Transaction } from './transaction.ts';

type Step = { readonly who: 'own' | 'other'; readonly action: 'put' | 'remove'; readonly id: number };

const steps = fc.array(
  fc.record<Step>({
    who: fc.constantFrom('own', 'other'),
    action: fc.constantFrom('put', 'remove'),
    id: fc.integer({ min: 0, max: 12 }),
  }),
  { maxLength: 40 },
);

/** Applies a step, and the same to the model, where nothing stands against it. */
function apply(
  access: ReturnType<typeof scratchStore>['access'] | Transaction['access'],
  step: Step,
  model: Map<number, number>,
): void {
  const collection = access.collectionForWrite('shop', 'items');
  const form = stored({ _id: step.id, value: model.size });
  const found = access.get(collection, form.key);
  if (step.action === 'remove') {
    if (found !== undefined) access.remove(collection, found);
    model.delete(step.id);
  } else if (found === undefined) {
    access.insert(collection, form, access.stamp());
    model.set(step.id, deserialize(form.bytes)['value']);
  } else {
    access.replace(collection, found, { document: form.bytes, kind: 'replace', updateDescription: null });
    model.set(step.id, deserialize(form.bytes)['value']);
  }
}

interface Side {
  readonly access: Parameters<typeof apply>[0];
  readonly model: Map<number, number>;
}

function tryToApply({ access, model }: Side, step: Step): void {
  try {
    apply(access, step, model);
  } catch {
    // A conflict: the step did not happen, in the store as in the model.
  }
}

/** `_id` and `value` of each document, read in pages. */
function readAll({ access }: Transaction, collection: Collection, rows: number): [number, number][] {
  const reader = access.pages(collection, { keys: null, range: null, isDescending: false });
  const seen: [number, number][] = [];
  const limit = { rows, bytes: 1000 };
  for (let page = reader.next(limit); page !== null; page = reader.next(limit)) {
    const documents = page.map(({ document }) => deserialize(document));
    seen.push(...documents.map(({ _id, value }): [number, number] => [_id, value]));
  }
  return seen;
}

test('a transaction reads its snapshot with its own writes, whatever others commit meanwhile', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 12 })),
      steps,
      fc.integer({ min: 1, max: 5 }),
      (initial, all, rows) => {
        using scratch = scratchStore();
        const { access, store, locks } = scratch;
        const outside = new Map<number, number>();
        access.collectionForWrite('shop', 'items');
        for (const id of initial) apply(access, { who: 'other', action: 'put', id }, outside);
        store.group.commit();
        const inside = new Map(outside);
        const transaction = new Transaction(
          { lsid: Buffer.from([5, 0, 0, 0, 0]), txnNumber: 1n, startedMs: 0 },
          { store, locks },
        );
        const sides = { own: { access: transaction.access, model: inside }, other: { access, model: outside } };
        for (const step of all) tryToApply(sides[step.who], step);
        const collection = access.collectionForWrite('shop', 'items');
        const sorted = [...inside].sort(([a], [b]) => a - b);
        expect(readAll(transaction, collection, rows)).toEqual(sorted);
        transaction.end();
      },
    ),
    { numRuns: 60 },
  );
});
