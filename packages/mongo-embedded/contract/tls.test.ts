import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { expect, test } from 'vitest';
import { createMongoServer, type MongoServerOptions } from '../src/mongo-server.ts';
import { scratchFolder } from '../src/testing/scratch-store.ts';
import { createTestAuthority } from '../src/testing/test-certificates.ts';
import { WireClient } from './wire-client.ts';

// Source: manual, "Configure mongod and mongos for TLS/SSL": net.tls.mode requireTLS and net.tls.CAFile.
const authority = createTestAuthority();
const tls = authority.issue('server');

interface Running extends AsyncDisposable {
  readonly url: string;
  connect(options: MongoClientOptions): Promise<MongoClient>;
}

async function started(options: Partial<MongoServerOptions>): Promise<Running> {
  const server = createMongoServer({ memory: true, tls, ...options });
  const { url } = await server.start();
  const clients: MongoClient[] = [];
  return {
    url,
    connect: async (given) => {
      const client = new MongoClient(url, { serverSelectionTimeoutMS: 1_000, ...given });
      clients.push(client);
      return client.connect();
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map(async (client) => client.close()));
      await server.stop();
    },
  };
}

test('a client that trusts the CA reads, writes and follows a stream', async () => {
  await using running = await started({});
  const client = await running.connect({ ca: authority.cert });
  const items = client.db('shop').collection<{ _id: number; text: string }>('items');
  await using stream = items.watch();
  const next = stream.next();
  await items.insertMany(Array.from({ length: 1_000 }, (_, id) => ({ _id: id, text: 'x'.repeat(5_000) })));
  expect(await next).toMatchObject({ operationType: 'insert', documentKey: { _id: 0 } });
  expect((await items.find().toArray()).map(({ _id }) => _id)).toHaveLength(1_000);
});

test('a client that trusts another CA does not connect', async () => {
  await using running = await started({});
  await expect(running.connect({ ca: createTestAuthority().cert })).rejects.toThrow(/certificate/);
  expect(await running.connect({ ca: authority.cert })).toBeInstanceOf(MongoClient);
});

test('a client without TLS is told to use it', async () => {
  await using running = await started({});
  await using wire = await WireClient.connect(running.url);
  const refusal = { ok: 0, code: 141, codeName: 'SSLHandshakeFailed', errmsg: expect.stringContaining('tls=true') };
  expect(await wire.command('admin', { ping: 1 })).toMatchObject(refusal);
  expect(await wire.command('shop', { insert: 'items', documents: [{}] })).toMatchObject(refusal);
  const client = new MongoClient(running.url.replace('&tls=true', ''), { serverSelectionTimeoutMS: 1_000 });
  await expect(client.connect()).rejects.toThrow('tls=true');
  await client.close();
});

test('a connection that sends something other than TLS is closed, and the server keeps running', async () => {
  await using running = await started({});
  await using wire = await WireClient.connect(running.url);
  expect(await wire.exchange(Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]))).toEqual({ kind: 'closed' });
  expect(await running.connect({ ca: authority.cert })).toBeInstanceOf(MongoClient);
});

test('with a client CA, a client needs a certificate that it signed', async () => {
  const clients = createTestAuthority('clients');
  await using running = await started({ tls: { ...tls, clientCa: clients.cert } });
  await expect(running.connect({ ca: authority.cert })).rejects.toThrow();
  const stranger = createTestAuthority('clients').issue('stranger');
  await expect(running.connect({ ca: authority.cert, ...stranger })).rejects.toThrow();
  const client = await running.connect({ ca: authority.cert, ...clients.issue('reader') });
  expect(await client.db('shop').command({ ping: 1 })).toMatchObject({ ok: 1 });
});

test('logins work over TLS, with the files that a connection string names', async () => {
  using folder = scratchFolder();
  const caFile = join(folder.path, 'ca.pem');
  writeFileSync(caFile, authority.cert);
  await using running = await started({ users: [{ name: 'ada', password: 'p' }] });
  const url = running.url.replace('//', '//ada:p@');
  await using client = new MongoClient(`${url}&tlsCAFile=${encodeURIComponent(caFile)}`);
  expect(await client.db('shop').collection('items').countDocuments()).toBe(0);
});

test('a server stops while handshakes are under way', async () => {
  const running = await started({});
  const wire = await WireClient.connect(running.url);
  wire.send(Buffer.from([0x16, 3]));
  const silent = await WireClient.connect(running.url);
  await running[Symbol.asyncDispose]();
  expect(await wire.receive()).toEqual({ kind: 'closed' });
  expect(await silent.receive()).toEqual({ kind: 'closed' });
});

test('a key that does not match its certificate is refused at the start', () => {
  const other = authority.issue('other');
  expect(() => createMongoServer({ memory: true, tls: { ...tls, key: other.key } })).toThrow(/key/);
});
