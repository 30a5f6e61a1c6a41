import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { runCli } from '../run-cli.ts';

const jobId = '5f0c8f1e-6a39-4c39-9d5c-0e8a3f6f2b11';
const at = '2026-11-27T10:00:00.000Z';
const job = (status: 'succeeded' | 'failed' | 'cancelled') => ({
  ...{ jobId, kind: 'refresh', entityName: 'orders', status, message: 'Said.', errorCode: null, correlationId: null },
  ...{ createdAt: at, startedAt: at, finishedAt: at, attempts: 1, retryAt: null },
});
const entry = { id: 9, operation: 'Upsert', docId: 'n:1', version: 1, createdAt: at, preview: null, previewCut: false };
const letter = { docId: 'n:2', column: null, errorCode: 'EMC-6002', error: 'Large.', attempts: 2, updatedAt: at };
const row = { docId: 'n:1', cells: ['5'], cut: [] };
/** Answers by the path of a request; every request is kept. */
async function openEngine(answers: Readonly<Record<string, unknown>>) {
  const requests: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    requests.push([request.method, request.url, body].filter((part) => part !== '').join(' '));
    const [path = ''] = (request.url ?? '').split('?');
    response.end(JSON.stringify(answers[path] ?? { jobId }));
  };
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  return {
    ...{ requests, stop },
    async run(...words: string[]) {
      let stdout = '';
      const sink = (keep: (chunk: string) => void) => ({
        write: (chunk: string) => {
          keep(chunk);
          return true;
        },
      });
      const exitCode = await runCli(words, {
        stdout: sink((chunk) => {
          stdout += chunk;
        }),
        stderr: sink(() => undefined),
        environment: { EMCACHERS_URL: `http://127.0.0.1:${port}` },
        ...{ fetch: globalThis.fetch, signal: stop.signal },
      });
      return { exitCode, stdout };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const orders = '/api/v1/entities/orders';

test.each([
  ['refresh orders', `POST ${orders}/refresh {}`],
  ['refresh orders --allow-large-sweep', `POST ${orders}/refresh {"allowLargeSweep":true}`],
  ['refresh orders --ids [1]', `POST ${orders}/refresh-documents {"documents":{"ids":[1]}}`],
  ['refresh orders --query {"a":1}', `POST ${orders}/refresh-documents {"documents":{"query":{"a":1}}}`],
  ['refresh orders --since T --field f', `POST ${orders}/refresh-documents {"documents":{"since":"T","field":"f"}}`],
  ['rebuild orders', `POST ${orders}/rebuild {}`],
  ['erase orders --ids [1] --yes', `POST ${orders}/erase {"ids":[1]}`],
  ['delete orders --yes', `DELETE ${orders}`],
  ['dead-letters retry orders n:1', `POST ${orders}/retry {"docIds":["n:1"]}`],
  ['dead-letters discard orders --yes', `POST ${orders}/discard {}`],
  ['snapshots create orders --node n1', `POST ${orders}/snapshots {"nodeId":"n1"}`],
])('%s sends %s and, without a wait, prints the job', async (words, request) => {
  await using engine = await openEngine({});
  expect(await engine.run(...words.split(' '), '--no-wait')).toEqual({ exitCode: 0, stdout: `${jobId}\n` });
  expect(engine.requests).toEqual([request]);
});

test.each([
  ['succeeded', 0],
  ['failed', 7],
  ['cancelled', 7],
] as const)('a job that has %s ends its command with %d', async (status, exitCode) => {
  await using engine = await openEngine({ [`/api/v1/jobs/${jobId}`]: job(status) });
  expect((await engine.run('pause', 'orders')).exitCode).toBe(exitCode);
  expect((await engine.run('jobs', 'wait', jobId)).exitCode).toBe(exitCode);
});

test('jobs, rows, dead letters, snapshots, sources and nodes are read and shown', async () => {
  await using engine = await openEngine({
    '/api/v1/jobs': [job('succeeded')],
    [`/api/v1/jobs/${jobId}`]: job('succeeded'),
    [`/api/v1/jobs/${jobId}/cancel`]: job('cancelled'),
    [`${orders}/rows`]: { columns: ['total'], rows: [row], next: 'n:1', total: 2, offset: 9 },
    [`${orders}/dead-letters`]: [letter],
    [`${orders}/snapshots`]: [
      { snapshotId: jobId, nodeId: 'n1', state: 'ready', bytes: 4096, path: '/s.sqlite', errorCode: null },
    ],
    [`${orders}/snapshots/${jobId}`]: { found: true },
    '/api/v1/audit': { entries: [{ at, actor: 'api', action: 'pause', entityName: 'orders', correlationId: 'c' }] },
    '/api/v1/sources': [{ sourceName: 'shop.orders', estimatedDocuments: 1_000, entities: ['orders'] }],
    '/api/v1/sources/shop.orders/sample': {
      sampled: 1_000,
      paths: [{ path: 'a', presence: 0.5, types: [{ type: 'int', share: 1 }], suggestedType: 'Integer', example: '7' }],
    },
  });
  const shown = async (...words: string[]) => (await engine.run(...words)).stdout;
  expect(await shown('jobs', '--entity', 'orders')).toMatch(/refresh +orders +succeeded/);
  expect(await shown('jobs', 'get', jobId)).toContain('Said.');
  expect(await shown('jobs', 'cancel', jobId)).toBe('Said.\n');
  expect(await shown('rows', 'orders')).toMatch(/n:1 +5\nMore rows: --after 'n:1'/);
  expect(await shown('dead-letters', 'list', 'orders')).toMatch(/n:2 +EMC-6002 +- +2/);
  expect(await shown('snapshots', 'list', 'orders')).toMatch(/n1 +ready +4,096/);
  expect((await engine.run('snapshots', 'delete', 'orders', jobId)).exitCode).toBe(0);
  expect(await shown('audit')).toMatch(/api +pause +orders +c/);
  expect(await shown('sources')).toMatch(/shop\.orders +1,000 +orders/);
  expect(await shown('sources', 'sample', 'shop.orders')).toMatch(
    /1,000 documents sampled\.[\s\S]*a +50 % +int +Integer +7/,
  );
  expect((await engine.run('nodes', 'forget', 'n1')).exitCode).toBe(0);
  expect(await shown('jobs', '-o', 'yaml')).toContain('entityName: orders');
});

test('the tail of the oplog ends with the newest entry, and follows it until it is interrupted', async () => {
  const batches = [[entry], [], [entry], []];
  await using engine = await openEngine({
    [`${orders}/oplog`]: { entries: [entry], next: null },
    get '/api/v1/oplog/batch'() {
      const entries = batches.shift() ?? [];
      if (batches.length === 0) engine.stop.abort();
      return { entities: [{ entries }] };
    },
  });
  const line = `9  ${at}  v1  Upsert  n:1\n`;
  expect(await engine.run('oplog', 'tail', 'orders')).toEqual({ exitCode: 0, stdout: line });
  expect((await engine.run('oplog', 'tail', 'orders', '--follow', '--after', '3')).stdout).toContain(line);
});
