import { describe, expect, test } from 'vitest';
import { streamPipeline } from './stream-pipeline.ts';

const orders = { database: 'shop', collection: 'orders' };
const customers = { database: 'shop', collection: 'customers' };
const foreign = { database: 'crm', collection: 'orders' };

describe('the pipeline of the stream', () => {
  test('names database and collection together, so that a namesake elsewhere stays out', () => {
    const [match] = streamPipeline([orders, foreign]).stages;
    expect(match).toEqual({
      $match: {
        $or: [
          { 'ns.db': 'crm', 'ns.coll': { $in: ['orders'] } },
          { 'ns.db': 'shop', 'ns.coll': { $in: ['orders'] } },
          { operationType: { $in: ['drop', 'rename', 'dropDatabase', 'invalidate'] } },
        ],
      },
    });
  });

  test('lets drops and renames pass when nothing is followed yet', () => {
    expect(JSON.stringify(streamPipeline([]).stages[0])).toContain('dropDatabase');
  });

  test('splits large events, as the last stage', () => {
    expect(streamPipeline([orders]).stages.at(-1)).toEqual({ $changeStreamSplitLargeEvent: {} });
  });

  test('has one hash for one set of collections, whatever their order, and another for another set', () => {
    const hash = streamPipeline([orders, customers]).hash;
    expect(streamPipeline([customers, orders, orders]).hash).toBe(hash);
    expect(streamPipeline([orders]).hash).not.toBe(hash);
    expect(streamPipeline([orders, { database: 'shop.customers', collection: '' }]).hash).not.toBe(hash);
  });
});
