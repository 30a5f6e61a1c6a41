import { once } from 'node:events';
import { IncomingMessage, request } from 'node:http';
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import { expect, test } from 'vitest';
import type { AppRouter } from '../src/api/router.ts';
import { eventually } from './support/api-client.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

const shape = orderShape('orders');

test('REST and tRPC answer invalid input with the invalid fields', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const wrong = { ...shape, sourceName: 'shop', columns: [{ name: 'a', type: 'Text', path: 'a..b' }] };
  const answer = await running.api.request('POST', '/api/v1/entities', { body: wrong });
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toMatch('application/problem+json');
  const problem = (await answer.json()) as { code: string; correlationId: string; errors: { path: unknown[] }[] };
  expect(problem.code).toBe('EMC-5001');
  expect(problem.correlationId).toBe(answer.headers.get('x-correlation-id'));
  expect(problem.errors.map((error) => error.path.join('.'))).toEqual(['sourceName', 'columns.0.path']);

  const trpc = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: `${running.engine.url}/trpc` })] });
  const refused = await trpc.entities.create.mutate(wrong as typeof shape).catch((error: unknown) => error);
  if (!(refused instanceof TRPCClientError)) throw new Error('The wrong shape was accepted.');
  expect(refused.data).toMatchObject({ emcCode: 'EMC-5001', httpStatus: 400 });
  expect(refused.data.fields.map((field: { path: unknown[] }) => field.path.join('.'))).toEqual([
    'sourceName',
    'columns.0.path',
  ]);
});

test('unknown, taken and impossible requests have their own codes and statuses', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const { api } = running;
  await api.create(shape);
  const status = async (method: string, path: string, body?: unknown) => {
    const answer = await api.request(method, path, { body });
    return [answer.status, ((await answer.json()) as { code: string }).code];
  };
  expect(await status('POST', '/api/v1/entities', { ...shape, entityName: 'ORDERS' })).toEqual([409, 'EMC-5003']);
  expect(await status('GET', '/api/v1/entities/none')).toEqual([404, 'EMC-5002']);
  expect(await status('POST', '/api/v1/entities/none/refresh')).toEqual([404, 'EMC-5002']);
  expect(await status('POST', '/api/v1/entities/orders/resume')).toEqual([409, 'EMC-5004']);
  expect(await status('POST', '/api/v1/entities/orders/verify')).toEqual([409, 'EMC-5004']);
  expect(await status('POST', '/api/v1/entities/orders/explode')).toEqual([404, 'EMC-5011']);
  expect(await status('POST', '/api/v1/entities/orders/pause', { allowLargeSweep: true })).toEqual([400, 'EMC-5001']);
  expect(await status('GET', '/api/v1/jobs/00000000-0000-4000-8000-000000000000')).toEqual([404, 'EMC-5005']);
  expect(await status('GET', '/api/v1/elsewhere')).toEqual([404, 'EMC-5011']);
});

test('a tRPC delete requires the repeated name, and unknown procedures are rejected', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  await running.api.create(shape);
  const ask = async (procedure: string, input: object) => {
    const answer = await running.api.request('POST', `/trpc/${procedure}`, { body: input });
    const { error } = (await answer.json()) as { error: { data: { emcCode: string; fields: { path: string[] }[] } } };
    return [answer.status, error.data.emcCode, ...error.data.fields.map((field) => field.path.join('.'))];
  };
  const entityName = 'orders';
  expect(await ask('entities.delete', { entityName })).toEqual([400, 'EMC-5001', 'confirm']);
  expect(await ask('entities.delete', { entityName, confirm: 'order' })).toEqual([400, 'EMC-5001', 'confirm']);
  expect(await ask('entities.explode', { entityName })).toEqual([404, 'EMC-5011']);
  expect((await running.api.entity(entityName)).activity).not.toBe('deleting');
});

test('a retry with the same Idempotency-Key gets the first answer, and a different body is rejected', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const headers = { 'idempotency-key': 'abc' };
  const first = await running.api.request('POST', '/api/v1/entities', { body: shape, headers });
  const second = await running.api.request('POST', '/api/v1/entities', { body: shape, headers });
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(await second.json()).toEqual(await first.json());
  const other = { body: { ...shape, entityName: 'other' }, headers };
  expect((await running.api.request('POST', '/api/v1/entities', other)).status).toBe(422);
});

test('ten simultaneous refresh requests create one job', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 100, randomFrom(1));
  await using running = await stack.engine();
  await running.api.create(shape);
  await running.api.untilLive('orders');
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => running.api.request('POST', '/api/v1/entities/orders/refresh')),
  );
  const jobs = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { jobId: string }).jobId));
  expect(new Set(jobs).size).toBe(1);
  await eventually(async () => ((await running.api.entity('orders')).version === 2 ? true : null), 'version 2');
});

/** `fetch` does not let a caller choose the Host header. */
async function statusWith(url: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  const [answer] = await once(request(url, { method, headers: { ...headers }, agent: false }).end(), 'response');
  if (!(answer instanceof IncomingMessage)) throw new Error('There is no response.');
  answer.resume();
  return answer.statusCode ?? 0;
}

test('rejects foreign origins, foreign pages and host names before every route, and allows the console', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const { url } = running.engine;
  const paths = [
    '/api/v1/entities',
    '/api/docs',
    '/trpc/fleet.get',
    '/health',
    '/healthz',
    '/metrics',
    '/none',
    '/%ff',
  ];
  for (const path of paths) {
    expect([path, await statusWith(`${url}${path}`, { host: 'evil.example' })]).toEqual([path, 403]);
    expect([path, await statusWith(`${url}${path}`, { host: 'localhost:1' })]).toEqual([path, 403]);
    expect([path, await statusWith(`${url}${path}`, { origin: 'https://evil.example' })]).toEqual([path, 403]);
    expect([path, await statusWith(`${url}${path}`, { 'sec-fetch-site': 'cross-site' })]).toEqual([path, 403]);
  }
  const ask = (headers: Record<string, string>) => running.api.request('GET', '/api/v1/entities', { headers });
  const welcome = await ask({ origin: 'http://localhost:3000' });
  expect([welcome.status, welcome.headers.get('access-control-allow-origin')]).toEqual([200, 'http://localhost:3000']);
});

test('a form of another site changes nothing', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  await running.api.create(shape);
  const path = `${running.engine.url}/api/v1/entities/orders`;
  const form = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  expect(await statusWith(`${path}/pause`, form, 'POST')).toBe(403);
  expect(await statusWith(path, { 'sec-fetch-site': 'same-site' }, 'DELETE')).toBe(403);
  expect((await running.api.entity('orders')).activity).toMatch(/pending|scanning|catching-up|live/);
});

test.each(['127.0.0.1', '0.0.0.0'])(
  'a token that is set is asked for by every route except the probes on %s',
  async (host) => {
    await using stack = await createStack();
    await using running = await stack.engine({ ENGINE_HOST: host, EMCACHERS_TOKEN: 'a-token-of-some-length' });
    const url = `http://127.0.0.1:${running.engine.port}`;
    for (const path of ['/api/v1/entities', '/api/docs', '/trpc/fleet.get', '/metrics', '/health', '/none', '/%ff'])
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 401]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const headers = { authorization: 'bearer a-token-of-some-length' };
    expect((await fetch(`${url}/api/v1/entities`, { headers })).status).toBe(200);
  },
);

test('an engine that other machines reach answers under its configured names only', async () => {
  await using stack = await createStack();
  const token = 'a-token-of-some-length';
  const names = { EMCACHERS_HOSTS: 'engine.example.org:4000,cache.example.org' };
  await using running = await stack.engine({ ENGINE_HOST: '0.0.0.0', EMCACHERS_TOKEN: token, ...names });
  const url = `http://127.0.0.1:${running.engine.port}/api/v1/entities`;
  const statusOf = (host: string) => statusWith(url, { host, authorization: `Bearer ${token}` });
  expect(await statusOf('cache.example.org')).toBe(200);
  expect(await statusOf('engine.example.org:4000')).toBe(200);
  expect(await statusOf('evil.example')).toBe(403);
});

test('serves the OpenAPI document with every route, and the reference page', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const { api } = running;
  const document = (await (await api.request('GET', '/api/v1/openapi.json')).json()) as {
    openapi: string;
    paths: Record<string, object>;
  };
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toContain('/api/v1/entities/{entityName}/refresh');
  expect(await (await api.request('GET', '/api/docs')).text()).toContain('EMC-5001');
  await eventually(async () => ((await api.request('GET', '/readyz')).status === 200 ? true : null), 'readiness');
  // The channel is there once this node leads.
  const metrics = await eventually(async () => {
    const text = await (await api.request('GET', '/metrics')).text();
    return /^emcachers_channel_buffered_operations\{stream="default"\} \d+$/m.test(text) ? text : null;
  }, 'the metrics of the channel');
  expect(metrics).toMatch(/^emcachers_process_cpu_seconds_total [\d.]+$/m);
});

test('a live stream starts with a full view, then sends what changes and which rows, and leaves no listener after it is closed', async () => {
  await using stack = await createStack();
  const collection = orders(stack.mongo);
  await insertOrders(collection, 10, randomFrom(1));
  await using running = await stack.engine();
  await running.api.create(shape);
  await running.api.untilLive('orders');
  const streams = await Promise.all(Array.from({ length: 5 }, () => openStream(running.engine.url)));
  for (const stream of streams) expect(await stream.until('"kind":"fleet"')).toContain('live and fresh');
  await collection.insertOne({ _id: 99, total: 1, count: 1, paid: true, customer: { city: 'Ulm' }, tags: [] });
  for (const stream of streams) expect(await stream.until('"kind":"rows-changed"')).toContain('"offset"');
  for (const stream of streams) expect(await stream.until('"kind":"fleet-changes"')).toContain('"from"');
  for (const stream of streams) await stream.close();
  await eventually(async () => {
    const report = (await (await running.api.request('GET', '/metrics')).text()).match(
      /^emcachers_live_streams (\d+)$/m,
    );
    return report?.[1] === '0' ? true : null;
  }, 'the streams to be forgotten');
});

test('a node without the role api answers health and metrics only, and says so', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 10, randomFrom(1));
  await using running = await stack.engine({ EMCACHERS_ROLES: 'ingest,replicate' });
  const statusOf = async (path: string) => (await running.api.request('GET', path)).status;
  for (const path of ['/healthz', '/health', '/metrics']) expect([path, await statusOf(path)]).toEqual([path, 200]);
  for (const path of ['/api/v1/entities', '/api/docs', '/trpc/fleet.get']) {
    const refused = await running.api.request('GET', path);
    expect(await refused.json()).toMatchObject({
      status: 404,
      code: 'EMC-5011',
      detail: expect.stringMatching(/role api/),
    });
  }
});

async function openStream(url: string) {
  const input = encodeURIComponent(JSON.stringify({ entityNames: ['orders'] }));
  const response = await fetch(`${url}/trpc/live.stream?input=${input}`);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('The stream has no body.');
  let text = '';
  return {
    async until(wanted: string): Promise<string> {
      for (;;) {
        const line = text.split('\n').find((each) => each.includes(wanted));
        if (line !== undefined) return line;
        const { value, done } = await reader.read();
        if (done) throw new Error(`The stream ended before ${wanted}.`);
        text += value;
      }
    },
    close: () => reader.cancel(),
  };
}
