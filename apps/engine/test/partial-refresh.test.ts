import { expect, test } from 'vitest';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

test('a partial refresh over REST answers with a job, whose result says what was written and where it is applied', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const { api } = running;
  await insertOrders(orders(stack.mongo), 3, randomFrom(1));
  await api.create(orderShape('orders'));
  await api.untilLive('orders');
  const job = await api.job('orders', 'refreshDocuments', { documents: { ids: [1, 'never there'] } });
  expect(job.message).toBe('1 document written. Applied on 1 node.');
  const query = await api.job('orders', 'refreshDocuments', { documents: { query: { _id: { $gte: 1 } } } });
  expect(query.message).toBe('2 documents written. Applied on 1 node.');
});

test('a partial refresh that cannot be done is refused at once, with the field at fault', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const { api } = running;
  await api.create(orderShape('orders'));
  await api.untilLive('orders');
  const refusalOf = async (documents: unknown) => {
    const answer = await api.request('POST', '/api/v1/entities/orders/refresh-documents', { body: { documents } });
    const { code, detail, errors } = (await answer.json()) as {
      code: string;
      detail: string;
      errors: { path: unknown[] }[];
    };
    return { status: answer.status, code, detail, path: errors.map(({ path }) => path.join('.')) };
  };
  expect(await refusalOf({ query: { total: { $around: 1 } } })).toMatchObject({
    status: 400,
    code: 'EMC-5012',
    detail: expect.stringContaining('$around'),
    path: ['documents.query'],
  });
  expect(await refusalOf({ ids: [{ $oid: 'x' }] })).toMatchObject({ code: 'EMC-5001', path: ['documents.ids.0'] });
  expect(await refusalOf({ ids: [1], query: {} })).toMatchObject({ status: 400, code: 'EMC-5001' });
});
