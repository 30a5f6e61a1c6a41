import { expect, test } from 'vitest';
import { orderShape } from './support/shop.ts';
import { createStack } from './support/stack.ts';

interface AuditPage {
  readonly entries: readonly { readonly action: string; readonly correlationId: string | null }[];
  readonly next: number | null;
}

test('the audit has every request with the correlation id of its answer, newest first, in pages', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const { api } = running;
  const created = await api.request('POST', '/api/v1/entities', { body: orderShape('orders', 'shop.orders') });
  const refreshed = await api.request('POST', '/api/v1/entities/orders/refresh', { body: {} });
  const { jobId } = (await refreshed.json()) as { jobId: string };
  const cancelled = await api.request('POST', `/api/v1/jobs/${jobId}/cancel`, { body: {} });
  const read = async (query: string): Promise<AuditPage> =>
    (await api.request('GET', `/api/v1/audit?${query}`)).json() as Promise<AuditPage>;
  const idOf = (answer: Response) => answer.headers.get('x-correlation-id');
  const first = await read('limit=2');
  expect(first.entries).toMatchObject([
    { action: 'cancel', entityName: 'orders', actor: 'api', correlationId: idOf(cancelled), detail: { jobId } },
    { action: 'refresh', entityName: 'orders', actor: 'api', correlationId: idOf(refreshed) },
  ]);
  const second = await read(`limit=2&before=${first.next}`);
  expect(second).toMatchObject({ entries: [{ action: 'create', correlationId: idOf(created) }], next: null });
  expect((await read('action=create')).entries).toHaveLength(1);
  expect((await read('entityName=other')).entries).toEqual([]);
});

test('indexes and deletions have their record, and so has a node that is forgotten', async () => {
  await using stack = await createStack();
  {
    await using other = await stack.engine({
      ...{ EMCACHERS_NODE_ID: 'second', EMCACHERS_DATA_DIR: `${stack.dataDir}-2`, EMCACHERS_ROLES: 'replicate,api' },
    });
    expect((await other.api.request('GET', '/healthz')).status).toBe(200);
  }
  await using running = await stack.engine();
  const { api } = running;
  await api.create(orderShape('orders', 'shop.orders'));
  await api.untilLive('orders');
  const indexes = [{ columns: ['city'] }];
  const indexed = await api.request('PUT', '/api/v1/entities/orders/indexes', { body: { indexes } });
  expect(indexed.status).toBe(200);
  const forgotten = await api.request('DELETE', '/api/v1/nodes/second');
  expect(forgotten.status).toBe(200);
  const deleted = await api.request('DELETE', '/api/v1/entities/orders');
  await api.finished(deleted);
  const { entries } = (await (await api.request('GET', '/api/v1/audit')).json()) as AuditPage;
  const idOf = (answer: Response) => answer.headers.get('x-correlation-id');
  expect(entries).toMatchObject([
    { action: 'delete', entityName: 'orders', correlationId: idOf(deleted) },
    { action: 'forgetNode', entityName: null, detail: { nodeId: 'second' }, correlationId: idOf(forgotten) },
    { action: 'setIndexes', entityName: 'orders', detail: { indexes }, correlationId: idOf(indexed) },
    { action: 'create', entityName: 'orders' },
  ]);
});

test('a job has the correlation id of its request, in its record and in the line that ends it', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const { api, logLines } = running;
  await api.create(orderShape('orders', 'shop.orders'));
  await api.untilLive('orders');
  const requested = await api.request('POST', '/api/v1/entities/orders/refresh', { body: {} });
  const correlationId = requested.headers.get('x-correlation-id');
  const job = await api.finished(requested);
  expect(job).toMatchObject({ kind: 'refresh', correlationId: expect.any(String) });
  expect(job.correlationId).toBe(correlationId);
  const ended = logLines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find(({ msg }) => msg === 'Job finished.');
  expect(ended).toMatchObject({ jobId: job.jobId, correlationId });
});
