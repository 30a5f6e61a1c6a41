import { describe, expect, test } from 'vitest';
import { streamPipeline } from './stream-pipeline.ts';

const orders = { database: 'shop', collection: 'orders' };
const customers = { database: 'shop', collection: 'customers' };
const foreign = { database: 'crm', collection: 'orders' };

describe('the pipeline of the stream', () => {
  test('matches database and collection together, which excludes the same collection name in another database', () => {
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

  test('passes drops and renames when there are no entities', () => {
    expect(JSON.stringify(streamPipeline([]).stages[0])).toContain('dropDatabase');
  });

  test('splits large events, as the last stage', () => {
    expect(streamPipeline([orders]).stages.at(-1)).toEqual({ $changeStreamSplitLargeEvent: {} });
  });

  test('has a hash that depends on the set of collections but not on their order', () => {
    const hash = streamPipeline([orders, customers]).hash;
    expect(streamPipeline([customers, orders, orders]).hash).toBe(hash);
    expect(streamPipeline([orders]).hash).not.toBe(hash);
    expect(streamPipeline([orders, { database: 'shop.customers', collection: '' }]).hash).not.toBe(hash);
  });
});
