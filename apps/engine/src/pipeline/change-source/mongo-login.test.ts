import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { createMongoServer, type MongoServer } from '@emcachers/mongo-embedded';
import { createTestAuthority } from '@emcachers/mongo-embedded/test-certificates';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { createMongoSource } from './mongo-source.ts';
import { toStreamError } from './stream-errors.ts';
import { streamPipeline } from './stream-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'emcachers-tls-'));
const authority = createTestAuthority();
const clients = createTestAuthority('clients');
const password = 'geheim/:@%';
let server: MongoServer;
let host: string;

/** Writes a PEM file as an operator would, and gives its path as a part of a connection string. */
function file(name: string, pem: string): string {
  const path = join(folder, name);
  writeFileSync(path, pem, { mode: 0o600 });
  return encodeURIComponent(path);
}

const trusts = `tlsCAFile=${file('ca.pem', authority.cert)}`;
const own = clients.issue('engine');
const certified = `${trusts}&tlsCertificateKeyFile=${file('engine.pem', own.cert + own.key)}`;

beforeAll(async () => {
  const tls = { ...authority.issue('server'), clientCa: clients.cert };
  server = createMongoServer({ memory: true, tls, users: [{ name: 'engine', password }] });
  host = new URL((await server.start()).url.replace('mongodb:', 'http:')).host;
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function withSource<Result>(
  url: string,
  use: (source: ReturnType<typeof createMongoSource>) => Promise<Result>,
): Promise<Result> {
  const source = createMongoSource({ url, clock: systemClock, selectionMsMax: 1_000 });
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

/** What the engine reports for this MONGO_URL. */
async function errorOf(url: string): Promise<EmcachersError> {
  const error: unknown = await withSource(url, (source) => source.describe()).catch((thrown: unknown) => thrown);
  if (error instanceof EmcachersError) return error;
  throw new Error('expected an error of the catalogue', { cause: error });
}

const login = `engine:${encodeURIComponent(password)}`;

test('MONGO_URL with a user, a password and TLS files follows a stream and reads collections', async () => {
  await withSource(`mongodb://${login}@${host}/?replicaSet=rs0&tls=true&${certified}`, async (source) => {
    expect(await source.describe()).toMatchObject({ setName: 'rs0' });
    const stream = await source.openStream({
      position: { kind: 'time', clusterTime: await source.operationTime() },
      pipeline: streamPipeline([{ database: 'shop', collection: 'items' }]),
      signal: AbortSignal.timeout(10_000),
    });
    expect(await stream.next()).toMatchObject({ events: [] });
    await stream.close();
    expect(await source.listCollections()).toEqual([]);
  });
});

test.each([
  ['a wrong password', () => `mongodb://engine:guess@${host}/?tls=true&${certified}`, 'Authentication failed'],
  ['an unknown user', () => `mongodb://eve:guess@${host}/?tls=true&${certified}`, 'Authentication failed'],
  ['no TLS', () => `mongodb://${login}@${host}/?replicaSet=rs0`, 'add tls=true'],
  ['an unknown certificate authority', () => `mongodb://${login}@${host}/?tls=true`, 'certificate'],
  ['no client certificate', () => `mongodb://${login}@${host}/?tls=true&${trusts}`, 'MONGO_URL'],
])('%s is EMC-2001, which names MONGO_URL and the next step, but no secret', async (_cause, url, words) => {
  const error = await errorOf(url());
  expect(error).toMatchObject({ code: 'EMC-2001', detail: expect.stringMatching(`MONGO_URL.*${words}|${words}`) });
  expect(error.cause).toBeInstanceOf(Error);
  const shown = `${error.message} ${error.detail}`;
  for (const secret of [password, encodeURIComponent(password), 'guess']) expect(shown).not.toContain(secret);
});

test('a file that MONGO_URL names and that does not exist is named in the error', async () => {
  const error = await errorOf(`mongodb://${login}@${host}/?tls=true&tlsCAFile=/absent.pem`);
  expect(error).toMatchObject({ code: 'EMC-1001', detail: expect.stringMatching(/^MONGO_URL: .*absent\.pem/) });
});

test('without a user, the server refuses the stream, and the error says that the user may not read', async () => {
  await withSource(`mongodb://${host}/?replicaSet=rs0&tls=true&${certified}`, async (source) => {
    const position = { kind: 'time', clusterTime: await source.operationTime() } as const;
    const signal = AbortSignal.timeout(10_000);
    const opened = source.openStream({ position, pipeline: streamPipeline([]), signal });
    const error: unknown = await opened.catch(toStreamError);
    expect(error).toMatchObject({ code: 'EMC-2004', detail: expect.stringContaining('may not read') });
  });
});
