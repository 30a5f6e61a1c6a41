import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { operationRows } from '../src/api/operations.ts';
import { requestText, sendRaw } from './support/raw-request.ts';
import { orderShape } from './support/shop.ts';
import { createStack, type RunningEngine } from './support/stack.ts';

const problemSchema = z.object({
  code: z.string().regex(/^EMC-\d{4}$/),
  status: z.number(),
  title: z.string().min(1),
  detail: z.string().min(1),
  hint: z.string().min(1),
  correlationId: z.uuid(),
});

const used = new AsyncDisposableStack();
let running: RunningEngine | null = null;
let linesBefore = 0;
afterAll(() => used.disposeAsync());

/** One engine for all tests that need no other settings. */
async function sharedEngine(): Promise<RunningEngine> {
  if (running === null) {
    const stack = used.use(await createStack());
    running = used.use(await stack.engine());
  }
  linesBefore = running.logLines.length;
  return running;
}

/** The status and the code, of an answer that must be a problem document with a next step. */
async function problemOf(answer: Response): Promise<[number, string]> {
  expect(answer.headers.get('content-type')).toMatch('application/problem+json');
  const problem = problemSchema.parse(await answer.json());
  expect(problem.status).toBe(answer.status);
  expect(problem.correlationId).toBe(answer.headers.get('x-correlation-id'));
  return [answer.status, problem.code];
}

/** Lines of this test that alarm an operator: nothing that a client sends may write one. */
function alarms({ logLines }: RunningEngine): readonly string[] {
  return logLines.slice(linesBefore).filter((line) => /"level":[456]0/.test(line));
}

/** Each route with a name; `call` has a NUL in it. */
const routesWithName = operationRows
  .map(({ operation: { rest } }) => rest)
  .filter(({ path }) => /\{(?:entityName|nodeId)\}/.test(path))
  .map(({ method, path }) => ({ method, path, call: path.replaceAll(/\{\w+\}/g, 'a%00b') }));
const bodies: Readonly<Record<string, object>> = {
  indexes: { indexes: [] },
  erase: { ids: ['a'] },
  'refresh-documents': { documents: { ids: ['a'] } },
};

test.each(routesWithName)('a NUL in the name is invalid input: $method $path', async ({ method, path, call }) => {
  const running = await sharedEngine();
  const last = path.split('/').at(-1) ?? '';
  const body = bodies[last];
  const query = last === 'explain' ? '?idText=1' : '';
  const answer = await running.api.request(method, `${call}${query}`, { body });
  expect(await problemOf(answer)).toEqual([400, 'EMC-5001']);
  expect(alarms(running)).toEqual([]);
});

test('a NUL or half of a surrogate pair in a body is invalid input, over REST and over tRPC', async () => {
  const running = await sharedEngine();
  const { api } = running;
  const shape = { ...orderShape('orders'), sourceName: 'shop.\ud800' };
  expect(await problemOf(await api.request('POST', '/api/v1/entities', { body: shape }))).toEqual([400, 'EMC-5001']);
  const input = encodeURIComponent('{"entityName":"a\\u0000"}');
  const asked = await api.request('GET', `/trpc/entities.get?input=${input}`);
  expect([asked.status, await asked.text()]).toEqual([400, expect.stringContaining('EMC-5001')]);
  expect(alarms(running)).toEqual([]);
});

test('a body that is not JSON is refused with the reason, over REST and over tRPC', async () => {
  const running = await sharedEngine();
  const headers = { 'content-type': 'application/json' };
  for (const path of ['/api/v1/entities', '/trpc/entities.create', '/trpc/entities.create?batch=1', '/trpc/nothing'])
    for (const body of ['{', '{"a":}', "{'a':1}", '\u0000', 'undefined']) {
      const answer = await fetch(`${running.engine.url}${path}`, { method: 'POST', headers, body });
      expect([path, body, ...(await problemOf(answer))]).toEqual([path, body, 400, 'EMC-7015']);
    }
  const query = await fetch(`${running.engine.url}/trpc/entities.get?input=%7B`);
  expect(await problemOf(query)).toEqual([400, 'EMC-7015']);
  expect(alarms(running)).toEqual([]);
});

test('an address that is not percent-encoded text is refused, in the path and in the query', async () => {
  const running = await sharedEngine();
  for (const path of [
    '/api/v1/entities/%',
    '/api/v1/entities/%ff',
    '/%E0%A4%A',
    '/trpc/%zz',
    '/api/v1/jobs?entityName=%ff',
  ])
    expect([path, ...(await problemOf(await fetch(`${running.engine.url}${path}`)))]).toEqual([path, 400, 'EMC-7015']);
  expect(alarms(running)).toEqual([]);
});

test('what is too long is refused with its limit: a name, an address, a body', async () => {
  await using other = await createStack();
  await using running = await other.engine({ EMCACHERS_API_BODY_BYTES_MAX: '65536' });
  const { url } = running.engine;
  expect(await problemOf(await fetch(`${url}/api/v1/entities/${'a'.repeat(300)}`))).toEqual([400, 'EMC-5001']);
  expect(await problemOf(await fetch(`${url}/api/v1/entities/${'a'.repeat(5_000)}`))).toEqual([414, 'EMC-7012']);
  expect(await problemOf(await fetch(`${url}/api/v1/entities/${'a'.repeat(20_000)}`))).toEqual([431, 'EMC-7012']);
  const body = { ...orderShape('orders'), note: 'a'.repeat(70_000) };
  expect(await problemOf(await running.api.request('POST', '/api/v1/entities', { body }))).toEqual([413, 'EMC-7012']);
  expect(alarms(running)).toEqual([]);
});

test('a path with another method answers 405 and lists its methods; an unknown path answers 404', async () => {
  const running = await sharedEngine();
  const ask = async (method: string, path: string) => {
    const answer = await fetch(`${running.engine.url}${path}`, { method });
    return [answer.headers.get('allow'), ...(await problemOf(answer))];
  };
  expect(await ask('PUT', '/api/v1/entities')).toEqual(['GET, HEAD, POST', 405, 'EMC-7010']);
  expect(await ask('PATCH', '/api/v1/entities/orders')).toEqual(['DELETE, GET, HEAD', 405, 'EMC-7010']);
  expect(await ask('GET', '/api/v1/entities/orders/refresh')).toEqual(['POST', 405, 'EMC-7010']);
  expect(await ask('DELETE', '/trpc/fleet.get')).toEqual(['GET, POST', 405, 'EMC-7010']);
  expect(await ask('POST', '/healthz')).toEqual(['GET, HEAD', 405, 'EMC-7010']);
  expect(await ask('OPTIONS', '/api/v1/jobs')).toEqual(['GET, HEAD', 405, 'EMC-7010']);
  expect(await ask('GET', '/api/v1/nothing')).toEqual([null, 404, 'EMC-5011']);
  const mutation = await fetch(`${running.engine.url}/trpc/entities.refresh?input=%7B%7D`);
  expect([mutation.status, mutation.headers.get('allow')]).toEqual([405, 'POST']);
  expect(await mutation.text()).toContain('EMC-7010');
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonp',
  '',
])('a body of the type "%s" answers 415, over REST and over tRPC', async (type) => {
  const running = await sharedEngine();
  for (const path of ['/api/v1/entities', '/trpc/entities.create']) {
    const headers: Record<string, string> = { host: new URL(running.engine.url).host, 'content-length': '2' };
    const typed = type === '' ? headers : { ...headers, 'content-type': type };
    const answer = await sendRaw(running.engine.url, requestText(`POST ${path}`, typed, '{}'));
    expect([path, answer.status, problemSchema.parse(JSON.parse(answer.body)).code]).toEqual([path, 415, 'EMC-7011']);
  }
});

test('a request without its token is told how to send one', async () => {
  await using other = await createStack();
  await using running = await other.engine({ EMCACHERS_TOKEN: 'a-token-of-some-length' });
  const answer = await fetch(`${running.engine.url}/api/v1/entities`);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="EMCachers"');
  expect(await problemOf(answer)).toEqual([401, 'EMC-5006']);
});

test.each([
  ['no Host header', 'GET /api/v1/entities HTTP/1.1\r\nconnection: close\r\n\r\n', [403, 'EMC-5009']],
  ['two Host headers', 'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n', [403, 'EMC-5009']],
  ['no HTTP', 'hello\r\n\r\n', [400, 'EMC-7015']],
  ['a header without a name', 'GET / HTTP/1.1\r\n: b\r\n\r\n', [400, 'EMC-7015']],
  ['two lengths', 'POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', [400, 'EMC-7015']],
])('a message with %s gets a problem document', async (_name, text, expected) => {
  const running = await sharedEngine();
  const answer = await sendRaw(running.engine.url, text);
  expect(answer.headers.get('content-type')).toMatch('application/problem+json');
  expect([answer.status, problemSchema.parse(JSON.parse(answer.body)).code]).toEqual(expected);
});

test('a request that does not arrive in time is answered and ends', async () => {
  await using other = await createStack();
  await using running = await other.engine({ EMCACHERS_API_REQUEST_SECONDS: '1' });
  const { host } = new URL(running.engine.url);
  const headers = { host, 'content-type': 'application/json', 'content-length': '10' };
  const answer = await sendRaw(running.engine.url, requestText('POST /api/v1/entities', headers, '{'));
  expect(answer.status).toBe(408);
});
