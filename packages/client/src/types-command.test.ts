import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTestCaches } from '../test/support/test-caches.ts';
import { typesCommand } from './types-command.ts';

const views = [
  {
    entityName: 'orders',
    columns: [
      { name: 'status', type: 'Text', path: 'status' },
      { name: 'total', type: 'Number', path: 'total' },
      { name: 'units', type: 'Integer', path: 'units' },
      { name: 'paid', type: 'Bool', path: 'paid' },
      { name: 'lines', type: 'JSONB', path: 'lines' },
      { name: 'note', type: 'Any', path: 'note' },
    ],
  },
  { entityName: 'customers', columns: [{ name: 'name', type: 'Text', path: 'name' }] },
];

/** Answers as the API of an engine with a token does. */
async function openEngine(): Promise<AsyncDisposable & { readonly url: string }> {
  const server: Server = createServer((request, response) => {
    const isKnown = request.headers.authorization === 'Bearer secret';
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? views : { code: 'EMC-5006' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('types from an engine', () => {
  test('distinguish all column types', async () => {
    await using engine = await openEngine();
    const text = await typesCommand(['--engine', engine.url, '--token', 'secret', 'orders']);
    expect(text).toContain(`export interface OrdersRow {
  readonly doc_id: string;
  readonly status: string | null;
  readonly total: number | string | null;
  readonly units: number | bigint | null;
  readonly paid: 0 | 1 | null;
  readonly lines: string | null;
  readonly note: string | number | bigint | Uint8Array | null;
}`);
    expect(text).toContain("entity: 'orders'");
    expect(text).not.toContain('Customers');
  });

  test('fail with the answer of the engine, and for an entity that it does not have', async () => {
    await using engine = await openEngine();
    await expect(typesCommand(['--engine', engine.url])).rejects.toThrow('401: {"code":"EMC-5006"}');
    await expect(typesCommand(['--engine', engine.url, '--token', 'secret', 'carts'])).rejects.toThrow(
      'no entity carts',
    );
  });
});

test('types from cache files are those of SQLite, and are written to a file', async () => {
  await using caches = await openTestCaches();
  await caches.publish('orders', ['a', 1]);
  await caches.publish('customers', ['a', 1]);
  const out = join(caches.dataDir, 'rows.ts');
  const printed = await typesCommand(['--data-dir', caches.dataDir, '--out', out]);
  expect(printed).toBe(`${out}: types of customers, orders\n`);
  const text = readFileSync(out, 'utf8');
  expect(text).toContain('readonly n: number | bigint | null;');
  expect(text).toContain('readonly t: string | number | bigint | Uint8Array | null;');
  expect(text.match(/export const \w+/g)).toEqual(['export const customersCache', 'export const ordersCache']);
});

test('wrong arguments are answered with the usage', async () => {
  for (const words of [[], ['--nonsense'], ['--engine', 'http://x', '--data-dir', 'y']])
    await expect(typesCommand(words)).rejects.toThrow('usage: emcachers-types');
});
