import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { databaseUrl, runOnServer } from '@emcachers/db/testing';
import { createMongoServer, type MongoServer } from '@emcachers/mongo-embedded';
import { createTestAuthority } from '@emcachers/mongo-embedded/test-certificates';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEngine } from '../src/engine.ts';
import { createLog } from '../src/observability/log.ts';
import { passwordsOf, startMessage } from '../src/observability/start-message.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { checkConfig } from './support/check-config.ts';
import { createStack, type Stack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';
import { type Pooler, startPooler } from './support/transaction-pooler.ts';

/** Appears in every secret of this file. */
const secret = 'hunter2';
const folder = mkdtempSync(path.join(tmpdir(), 'emcachers-start-'));
const authority = createTestAuthority();
const own = `emc_${randomUUID().replaceAll('-', '')}`;
let stack: Stack;
let guarded: MongoServer;
let guardedHost: string;
let pooler: Pooler;
let sessions: Pooler;

/** A URL of the test's PostgreSQL with other parts. */
function postgres(parts: {
  role?: string;
  password?: string;
  database?: string;
  port?: number;
  query?: string;
}): string {
  const url = new URL(stack.databaseUrl);
  if (parts.role !== undefined) url.username = parts.role;
  if (parts.password !== undefined) url.password = parts.password;
  if (parts.port !== undefined) url.port = String(parts.port);
  url.search = parts.query ?? '';
  return parts.database === undefined ? url.href : databaseUrl(url.href, parts.database);
}

const asRole = (name: string) => ({ role: `${own}_${name}`, password: secret });
const mongoHost = (): string => new URL(stack.mongoUrl.replace('mongodb:', 'http:')).host;
const trust = (): string => `tls=true&tlsCAFile=${encodeURIComponent(path.join(folder, 'ca.pem'))}`;

beforeAll(async () => {
  stack = await createStack();
  const tls = authority.issue('server');
  guarded = createMongoServer({ memory: true, tls, users: [{ name: 'engine', password: `${secret}/x` }] });
  guardedHost = new URL((await guarded.start()).url.replace('mongodb:', 'http:')).host;
  pooler = await startPooler(Number(new URL(stack.databaseUrl).port), 'transaction');
  sessions = await startPooler(Number(new URL(stack.databaseUrl).port), 'session');
  writeFileSync(path.join(folder, 'ca.pem'), authority.cert);
  writeFileSync(path.join(folder, 'other.pem'), createTestAuthority('others').cert);
  const url = stack.databaseUrl;
  for (const name of ['plain', 'reader', 'few'])
    await runOnServer(url, `CREATE ROLE ${own}_${name} LOGIN PASSWORD '${secret}'`);
  await runOnServer(url, `ALTER ROLE ${own}_reader SET default_transaction_read_only = on`);
  await runOnServer(url, `ALTER ROLE ${own}_few CONNECTION LIMIT 5`);
  await runOnServer(url, `CREATE DATABASE ${own}_empty TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
  await runOnServer(url, `CREATE DATABASE ${own}_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'`);
  await runOnServer(url, `GRANT ALL ON SCHEMA public TO ${own}_plain, ${own}_few`);
});
afterAll(async () => {
  await pooler[Symbol.asyncDispose]();
  await sessions[Symbol.asyncDispose]();
  await guarded.stop();
  for (const name of ['empty', 'ascii'])
    await runOnServer(stack.databaseUrl, `DROP DATABASE ${own}_${name} WITH (FORCE)`);
  for (const name of ['plain', 'reader', 'few'])
    await runOnServer(stack.databaseUrl, `DROP OWNED BY ${own}_${name}; DROP ROLE ${own}_${name}`);
  await stack[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** What an operator reads; `started` if there is nothing to read. */
async function lastWords(settings: Record<string, string>): Promise<string> {
  const environment = stack.environment(settings);
  const secrets: string[] = [];
  try {
    const config = checkConfig(environment, '/');
    secrets.push(...passwordsOf([config.mongoUrl, config.databaseUrl]));
    const log = createLog('silent', { write: () => undefined });
    const signal = new AbortController().signal;
    const engine = await startEngine({ config, clock: systemClock, log, random: testRandom(), signal });
    await engine.stop();
    return 'started';
  } catch (error) {
    return startMessage(error, secrets);
  }
}

type Case = readonly [what: string, settings: () => Record<string, string>, words: RegExp];
const database = (what: string, url: () => string, words: RegExp): Case => [
  what,
  () => ({ DATABASE_URL: url() }),
  words,
];
const mongo = (what: string, url: () => string, words: RegExp): Case => [what, () => ({ MONGO_URL: url() }), words];
const anywhere = '127.0.0.1:1/emc';

const cases: readonly Case[] = [
  database(
    'a raw # in the PostgreSQL password',
    () => `postgres://u:${secret}#x@${anywhere}`,
    /EMC-1001.*DATABASE_URL.*# %23/s,
  ),
  database(
    'a raw % in the PostgreSQL password',
    () => `postgres://u:${secret}%zz@${anywhere}`,
    /EMC-1001.*DATABASE_URL.*%25/s,
  ),
  database(
    'a raw @ in the PostgreSQL password',
    () => `postgres://u:${secret}@x@${anywhere}`,
    /EMC-1001.*DATABASE_URL.*@ %40/s,
  ),
  database(
    'a raw / in the PostgreSQL password',
    () => `postgres://u:${secret}/x@${anywhere}`,
    /EMC-1001.*DATABASE_URL.*\/ %2F/s,
  ),
  database(
    'a raw ? in the PostgreSQL password',
    () => `postgres://u:${secret}?x@${anywhere}`,
    /EMC-1001.*DATABASE_URL.*\? %3F/s,
  ),
  database(
    'bytes that are not UTF-8',
    () => `postgres://u:${secret}%ff@${anywhere}`,
    /EMC-1001.*DATABASE_URL.*encoded/s,
  ),
  database('several PostgreSQL hosts', () => `postgres://u:${secret}@a,b/emc`, /EMC-1001.*DATABASE_URL names 2 hosts/s),
  database('a port above 65535', () => `postgres://u:${secret}@127.0.0.1:99999/emc`, /EMC-1001.*DATABASE_URL.*port/s),
  database('another scheme', () => `mysql://u:${secret}@127.0.0.1/emc`, /EMC-1001.*DATABASE_URL.*postgres:\/\//s),
  database('a wrong PostgreSQL password', () => postgres({ password: secret }), /EMC-3007.*DATABASE_URL.*password/s),
  database('an unknown role', () => postgres({ role: 'nobody', password: secret }), /EMC-3007.*DATABASE_URL.*nobody/s),
  database('no password', () => postgres({ password: '' }), /EMC-3007.*DATABASE_URL.*password/s),
  database('an unknown database', () => postgres({ database: 'absent' }), /EMC-3007.*DATABASE_URL.*"absent"/s),
  database(
    'no right to create tables',
    () => postgres({ ...asRole('plain'), database: `${own}_empty` }),
    /EMC-3008.*permission/s,
  ),
  database('tables of another role', () => postgres(asRole('plain')), /EMC-3008.*belong to the role/s),
  database(
    'no right to create the schema',
    () => postgres({ ...asRole('plain'), query: 'schema=app' }),
    /EMC-3008.*schema app/s,
  ),
  database('a read-only role', () => postgres(asRole('reader')), /EMC-3009.*default_transaction_read_only/s),
  database(
    'a database that is not UTF8',
    () => postgres({ database: `${own}_ascii` }),
    /EMC-3010.*SQL_ASCII.*TEMPLATE/s,
  ),
  database('too few connections', () => postgres(asRole('few')), /EMC-3008|EMC-3010.*5 connections/s),
  database('a pooler in transaction mode', () => postgres({ port: pooler.port }), /EMC-3011.*DATABASE_URL.*pooler/s),
  database('no TLS at the server', () => postgres({ query: 'sslmode=verify-full' }), /EMC-3012.*DATABASE_URL.*SSL/s),
  database(
    'a missing sslrootcert',
    () => postgres({ query: 'sslrootcert=/absent.pem' }),
    /EMC-1001.*DATABASE_URL.*absent/s,
  ),
  [
    'PostgreSQL where MongoDB is',
    () => ({ DATABASE_URL: `postgres://u:${secret}@${mongoHost()}/emc`, EMCACHERS_FAIL_AFTER_SECONDS: '5' }),
    /EMC-3001.*DATABASE_URL/s,
  ],
  mongo(
    'raw @, / and # in the MongoDB password',
    () => `mongodb://u:p@${secret}/w#rd@127.0.0.1:1/`,
    /EMC-1001.*MONGO_URL.*percent-encoded/s,
  ),
  mongo('a raw % in the MongoDB password', () => `mongodb://u:${secret}%zz@127.0.0.1:1/`, /EMC-1001.*MONGO_URL.*%25/s),
  mongo(
    'a raw : in the MongoDB password',
    () => `mongodb://u:${secret}:x@127.0.0.1:1/`,
    /EMC-1001.*MONGO_URL.*unescaped/s,
  ),
  mongo('an unknown option', () => `${stack.mongoUrl}&nonsense=1`, /EMC-1001.*MONGO_URL.*nonsense/s),
  mongo(
    'a missing tlsCAFile',
    () => `mongodb://${guardedHost}/?tls=true&tlsCAFile=/absent.pem`,
    /EMC-1001.*MONGO_URL.*absent/s,
  ),
  mongo(
    'another authority',
    () => `mongodb://${guardedHost}/?tls=true&tlsCAFile=${folder}/other.pem`,
    /EMC-2017.*MONGO_URL.*certificate/s,
  ),
  mongo(
    'a wrong MongoDB password',
    () => `mongodb://engine:${secret}@${guardedHost}/?${trust()}`,
    /EMC-2014.*MONGO_URL.*Authentication/s,
  ),
  mongo('no user', () => `mongodb://${guardedHost}/?${trust()}`, /EMC-2014.*MONGO_URL.*no user/s),
  mongo('a wrong replica set', () => `mongodb://${mongoHost()}/?replicaSet=nope`, /EMC-2016.*MONGO_URL.*nope.*rs0/s),
  mongo(
    'a wrong replica set of one server',
    () => `mongodb://${mongoHost()}/?replicaSet=nope&directConnection=true`,
    /EMC-2016.*nope.*rs0/s,
  ),
  mongo(
    'readPreference=secondary without one',
    () => `mongodb://${mongoHost()}/?replicaSet=rs0&readPreference=secondary`,
    /EMC-2015.*MONGO_URL.*secondary.*RSPrimary/s,
  ),
  [
    'a data directory that is a file',
    () => ({ EMCACHERS_DATA_DIR: `${folder}/ca.pem` }),
    /EMC-1003.*EMCACHERS_DATA_DIR/s,
  ],
  [
    'an address of another machine',
    () => ({ ENGINE_HOST: '192.0.2.1', EMCACHERS_TOKEN: `${secret}-${secret}-${secret}` }),
    /EMC-1001.*ENGINE_HOST/s,
  ],
  ['an open address without a token', () => ({ ENGINE_HOST: '0.0.0.0' }), /EMC-1004.*ENGINE_HOST/s],
];

test.each(cases)(
  '%s: the start ends with code, variable and next step, and without the secret',
  async (_what, settings, words) => {
    const said = await lastWords(settings());
    expect(said).toMatch(words);
    expect(said).not.toContain(secret);
    expect(said).not.toContain('EMC-1005');
    expect(said.split('\n')).toHaveLength(2);
  },
);

test('what may pass does not end the start: MongoDB away, a pooler in session mode', async () => {
  expect(await lastWords({ MONGO_URL: `mongodb://u:${secret}@127.0.0.1:1/?directConnection=true` })).toBe('started');
  expect(await lastWords({ DATABASE_URL: postgres({ port: sessions.port }) })).toBe('started');
});

test('an error that the catalogue does not know has a code, its trace, and no secret', () => {
  const url = 'postgres://u:p%40ss-w0rd@db/emc';
  const said = startMessage(new Error('odd: p@ss-w0rd, p%40ss-w0rd'), passwordsOf([url, 'mongodb://db/']));
  expect(said).toMatch(/^EMC-1005 .*odd: \*\*\*, \*\*\*\n.*\nError: odd/);
  expect(said).not.toContain('w0rd');
});
