import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { newSessionCookie } from '../access/session.ts';
import { passToEngine } from './engine-gateway.ts';

async function startEngine(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const engineUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    engineUrl,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

const call = (engineUrl: string, request: Request, token: string | null = null) => {
  const environment = { engineUrl, port: 3000, token, origins: [] };
  return passToEngine({ request, procedure: 'entities.create', environment, fetch: globalThis.fetch });
};
const sessionFor = (token: string) => ({ engineUrl: '', port: 3000, token, origins: [] });
/** With a deadline that a test can wait for. */
const callWithin = (engineUrl: string, answerMsMax: number) => {
  const environment = { engineUrl, port: 3000, token: null, origins: [] };
  const request = fromConsole();
  return passToEngine({ request, procedure: 'fleet.get', environment, fetch: globalThis.fetch, answerMsMax });
};
const fromConsole = (init: RequestInit = {}) =>
  new Request('http://127.0.0.1:3000/api/trpc/entities.create?batch=1', {
    ...init,
    headers: { host: '127.0.0.1:3000', cookie: 'theme=dark', ...init.headers },
  });

describe('forwarding calls to the engine', () => {
  test('a mutation of a browser that has signed in arrives with its body, its query and the token, and without the cookies', async () => {
    const received: unknown[] = [];
    await using engine = await startEngine((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { authorization, cookie, origin } = request.headers;
        received.push({ url: request.url, method: request.method, body, authorization, cookie, origin });
        response.writeHead(201, { 'content-type': 'application/json' }).end('{"ok":true}');
      });
    });
    const cookie = newSessionCookie(sessionFor('secret'), Date.now(), false).split(';')[0] ?? '';
    const headers = { 'content-type': 'application/json', origin: 'http://127.0.0.1:3000', cookie };
    const answer = await call(engine.engineUrl, fromConsole({ method: 'POST', body: '{"a":1}', headers }), 'secret');
    expect([answer.status, await answer.json()]).toEqual([201, { ok: true }]);
    expect(received).toEqual([
      {
        url: '/trpc/entities.create?batch=1',
        method: 'POST',
        body: '{"a":1}',
        authorization: 'Bearer secret',
        cookie: undefined,
        origin: 'http://127.0.0.1:3000',
      },
    ]);
  });

  test('an event stream passes message by message, and closing it closes the engine side', async () => {
    const closed = Promise.withResolvers<void>();
    const more = Promise.withResolvers<void>();
    await using engine = await startEngine((_request, response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      void more.promise.then(() => response.write('data: 2\n\n'));
    });
    const leaving = new AbortController();
    const answer = await call(engine.engineUrl, fromConsole({ signal: leaving.signal }));
    expect(answer.headers.get('cache-control')).toContain('no-transform');
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('data: 1\n\n');
    more.resolve();
    expect((await reader?.read())?.value).toBe('data: 2\n\n');
    leaving.abort();
    await closed.promise;
  });

  test('a browser that has not signed in gets no token, and so the answer of the engine to a stranger', async () => {
    await using engine = await startEngine((request, response) => {
      response.writeHead(request.headers.authorization === undefined ? 401 : 200).end('{}');
    });
    const foreign = newSessionCookie({ ...sessionFor('another token'), port: 3000 }, Date.now(), false);
    for (const cookie of ['', 'emcachers-session-3000=', foreign])
      expect((await call(engine.engineUrl, fromConsole({ headers: { cookie } }), 'secret')).status).toBe(401);
  });

  test('an unreachable engine gives an error with its code', async () => {
    let engineUrl = '';
    {
      await using engine = await startEngine((_request, response) => response.end());
      engineUrl = engine.engineUrl;
    }
    const answer = await call(engineUrl, fromConsole());
    expect(answer.status).toBe(503);
    const body: unknown = await answer.json();
    expect(body).toMatchObject({ error: { data: { emcCode: 'EMC-5008' } } });
  });

  test('an engine that accepts the call and does not answer gives the same error when the deadline has passed', async () => {
    await using engine = await startEngine(() => {});
    const answer = await callWithin(engine.engineUrl, 100);
    expect(answer.status).toBe(503);
    const body: unknown = await answer.json();
    expect(body).toMatchObject({ error: { data: { emcCode: 'EMC-5008', detail: expect.stringContaining('within') } } });
  });

  test('an event stream that falls silent is closed on both sides', async () => {
    const closed = Promise.withResolvers<void>();
    await using engine = await startEngine((_request, response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    const answer = await callWithin(engine.engineUrl, 300);
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await expect(reader?.read()).rejects.toThrow();
    await closed.promise;
  });
});
