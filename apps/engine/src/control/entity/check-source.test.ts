import { expect, test } from 'vitest';
import { openIngestBench } from '../../../test/support/test-ingest.ts';
import { refusalOfSource } from '../../pipeline/change-source/source-refusal.ts';
import { checkSource } from './check-source.ts';

test('a view is refused with the field at fault; a collection, also one that does not exist yet, is accepted', async () => {
  await using bench = await openIngestBench();
  await bench.mongo.db('shop').createCollection('orders');
  await bench.mongo.db('shop').createCollection('seen', { viewOn: 'orders', pipeline: [] });
  await expect(checkSource(bench.source, 'shop.orders')).resolves.toBeUndefined();
  await expect(checkSource(bench.source, 'shop.later')).resolves.toBeUndefined();
  await expect(checkSource(bench.source, 'shop.seen')).rejects.toMatchObject({
    code: 'EMC-2007',
    detail: expect.stringContaining('view'),
    fields: [{ path: ['sourceName'] }],
  });
});

test('a MongoDB that does not answer refuses nothing', async () => {
  const away = { collectionFacts: () => Promise.reject(new Error('connect ECONNREFUSED')) };
  await expect(checkSource(away, 'shop.orders')).resolves.toBeUndefined();
});

test.each(['view', 'timeseries', 'capped'] as const)('a %s is refused with the reason', (kind) => {
  expect(refusalOfSource('shop.x', { kind, uuid: null })).toMatch(/^shop\.x is a .*\.$/);
  expect(refusalOfSource('shop.x', { kind: 'collection', uuid: null })).toBeNull();
});
