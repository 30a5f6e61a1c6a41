import type { Shape } from '@emcachers/core/shape';
import { expect, test } from 'vitest';
import { createStack } from '../../../apps/engine/test/support/stack.ts';
import { openCache, openCacheWhenPublished } from '../src/client.ts';
import { typesCommand } from '../src/types-command.ts';

const shape: Shape = {
  entityName: 'orders',
  sourceName: 'shop.orders',
  columns: [{ name: 'status', type: 'Text', path: 'status' }],
};

interface Orders {
  readonly status: string | null;
}

test('an application reads its own writes, on an idle system too, and a stopped engine ends the wait (EMC-7005)', async () => {
  await using stack = await createStack();
  const orders = stack.mongo.db('shop').collection('orders');
  const { insertedId } = await orders.insertOne({ status: 'new' });
  await using session = stack.mongo.startSession();
  const operationTime = () => {
    if (session.operationTime === undefined) throw new Error('The server sent no operation time.');
    return session.operationTime;
  };
  {
    await using running = await stack.engine();
    await running.api.create(shape);
    using cache = await openCacheWhenPublished<Orders>(
      { dataDir: stack.dataDir, entity: 'orders' },
      { timeoutMs: 30_000 },
    );
    expect(cache.get(insertedId)?.status).toBe('new');
    for (let round = 0; round < 20; round += 1) {
      await orders.updateOne({ _id: insertedId }, { $set: { status: `round ${round}` } }, { session });
      await cache.waitFor(operationTime(), { timeoutMs: 30_000 });
      expect(cache.get(insertedId)?.status).toBe(`round ${round}`);
    }
    // Nothing of the entity changes.
    await stack.mongo.db('shop').collection('others').insertOne({}, { session });
    await cache.waitFor(operationTime(), { timeoutMs: 30_000 });
    expect(await typesCommand(['--engine', running.engine.url])).toContain('readonly status: string | null;');
  }
  using cache = openCache<Orders>({ dataDir: stack.dataDir, entity: 'orders' });
  await orders.updateOne({ _id: insertedId }, { $set: { status: 'unseen' } }, { session });
  await expect(cache.waitFor(operationTime(), { timeoutMs: 200 })).rejects.toThrow('EMC-7005');
  expect(cache.get(insertedId)?.status).toBe('round 19');
}, 120_000);
