import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { runCli } from './run-cli.ts';

/** Runs a command line in this process. */
async function ran(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const written = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
      return true;
    },
  });
  const exitCode = await runCli(words, {
    ...{ stdout: sink('stdout'), stderr: sink('stderr'), environment, fetch: globalThis.fetch },
    signal: new AbortController().signal,
  });
  return { exitCode, ...written };
}

/** A server that gives every request the same answer, and keeps what it was asked. */
async function answering(status: number, body: string) {
  const requests: { readonly url: string; readonly authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', authorization: request.headers.authorization });
    response.writeHead(status).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

const problem = (code: string, status: number): string =>
  JSON.stringify({ type: '', title: 'T', status, code, detail: 'D.', hint: 'Do that.', correlationId: 'c' });

describe('what the engine refuses', () => {
  test.each([
    [400, 2],
    [401, 4],
    [403, 4],
    [404, 5],
    [409, 6],
    [422, 6],
    [500, 1],
    [503, 3],
  ])('%d is exit code %d', async (status, exitCode) => {
    await using engine = await answering(status, problem('EMC-1234', status));
    const answer = await ran(['jobs', '--url', engine.url]);
    expect(answer).toEqual({ exitCode, stdout: '', stderr: 'Error: D. (EMC-1234)\nNext step: Do that.\n' });
  });

  test('the address of something else is said to be one', async () => {
    await using page = await answering(200, '<html>');
    expect(await ran(['jobs', '--url', page.url])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('other than JSON'),
    });
  });

  test('an answer of another version is refused instead of shown in part', async () => {
    await using engine = await answering(200, '[{"jobId":5}]');
    expect(await ran(['jobs', '--url', engine.url])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('the same version'),
    });
  });
});

test('the token and the address come from the environment, and names in a path are encoded', async () => {
  await using engine = await answering(404, problem('EMC-5002', 404));
  await ran(['entities', 'get', 'a/b?c'], { EMCACHERS_URL: engine.url, EMCACHERS_TOKEN: 'secret' });
  expect(engine.requests).toEqual([{ url: '/api/v1/entities/a%2Fb%3Fc', authorization: 'Bearer secret' }]);
});

test('incidents are listed with subject and next step, and acknowledged by id', async () => {
  const incident = {
    ...{
      id: 7,
      subject: { kind: 'node', name: 'n1' },
      errorCode: 'EMC-5022',
      detail: 'Silent.',
      nextStep: 'Start it.',
    },
    ...{ openedAt: '2026-11-27T10:00:00Z', closedAt: null, acknowledgedAt: null, entityCount: 3 },
  };
  await using engine = await answering(200, JSON.stringify({ entries: [incident], next: null }));
  const listed = await ran(['incidents', '--state', 'open', '--url', engine.url]);
  expect(listed.stdout).toMatch(/7 {2}2026-11-27T10:00:00Z {2}- +no +EMC-5022 {2}node n1 +3 {2}Silent\. {2}Start it\./);
  expect((await ran(['incidents', 'acknowledge', '7', '--url', engine.url])).exitCode).toBe(0);
  expect(engine.requests.map(({ url }) => url)).toEqual([
    '/api/v1/incidents?state=open&limit=50',
    '/api/v1/incidents/7/acknowledge',
  ]);
});

test('input that cannot be sent is refused before the engine is asked', async () => {
  await using engine = await answering(200, '[]');
  const at = (...words: string[]) => ran([...words, '--url', engine.url]);
  expect(await at('refresh', 'orders', '--query', '{status:')).toMatchObject({ exitCode: 2 });
  expect(await at('refresh', 'orders', '--ids', '[1]', '--since', '2026-01-01T00:00:00Z')).toMatchObject({
    exitCode: 2,
  });
  expect(await at('delete', 'orders')).toMatchObject({ exitCode: 2 });
  expect(await at('plan', '-f', '/does/not/exist.yaml')).toMatchObject({ exitCode: 2 });
  expect(await at('jobs', '--limit', 'many')).toMatchObject({ exitCode: 2 });
  expect((await ran(['jobs', '--url', 'ftp://127.0.0.1'])).exitCode).toBe(2);
  expect(engine.requests).toEqual([]);
});

test('the JSON Schema of the description names what it is made of', async () => {
  const schema = JSON.parse((await ran(['schema'])).stdout);
  expect(schema.properties.entities.items.properties).toMatchObject({ entityName: {}, sourceName: {}, columns: {} });
});

test.each(['bash', 'zsh', 'fish'])('the completion for %s has every command and its options', async (shell) => {
  const { stdout, exitCode } = await ran(['completion', shell]);
  expect(exitCode).toBe(0);
  for (const word of ['explain-row', 'emcachers dead-letters', 'retry discard', '--allow-large-sweep', '--output'])
    expect(stdout).toContain(word);
});

test('help is an answer, an unknown command is an error', async () => {
  expect(await ran(['--help'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Usage: emcachers') });
  expect(await ran(['refrehs'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('refresh') });
});
