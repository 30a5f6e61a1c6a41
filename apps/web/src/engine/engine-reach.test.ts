import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { reachEngine } from './engine-reach.ts';

async function listen(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    engineUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const reach = (engineUrl: string) =>
  reachEngine({ environment: { engineUrl, port: 3000, token: null, origins: [] }, fetch: globalThis.fetch });

test('an engine that answers is reached', async () => {
  await using engine = await listen((_request, response) => response.end('{"status":"alive"}'));
  expect(await reach(engine.engineUrl)).toEqual({ engine: 'answers' });
});

test('an engine that accepts the connection and says nothing, as a frozen process does, is silent', async () => {
  await using engine = await listen(() => {});
  expect(await reach(engine.engineUrl)).toEqual({ engine: 'silent' });
});

test('an engine whose process has ended is silent', async () => {
  let engineUrl = '';
  {
    await using engine = await listen((_request, response) => response.end());
    engineUrl = engine.engineUrl;
  }
  expect(await reach(engineUrl)).toEqual({ engine: 'silent' });
});
