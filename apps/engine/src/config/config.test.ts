import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { databaseDefaults } from '@emcachers/db/database-limits';
import { deadLettersMaxDefault } from '@emcachers/db/statements/dead-letters';
import { expect, test } from 'vitest';
import { checkConfig } from '../../test/support/check-config.ts';
import { jobRunnerDefaults } from '../control/job/job-runner-options.ts';
import { changeStreamDefaults } from '../pipeline/change-source/change-stream-options.ts';
import { mongoClientDefaults } from '../pipeline/change-source/mongo-client-options.ts';
import { channelDefaults } from '../pipeline/channel/bounded-channel.ts';
import { documentDefaults } from '../pipeline/ingest/ingest-loop.ts';
import { ingestDefaults } from '../pipeline/ingest/ingest-options.ts';
import { sweepCapDefault } from '../pipeline/oplog/writer-options.ts';
import { replicatorDefaults } from '../pipeline/replicator/replicator-options.ts';
import { cacheStoreDefaults } from '../pipeline/sqlite-cache/cache-store-limits.ts';
import { supervisorDefaults } from '../runtime/supervisor.ts';
import { type Config, loadConfig } from './config.ts';
import { renderEnvExample } from './env-example.ts';
import { renderSettingsPage } from './settings-page.ts';

const servers = { MONGO_URL: 'mongodb://127.0.0.1:27017', DATABASE_URL: 'postgres://me:secret@127.0.0.1/emc' };

function refusal(values: Record<string, string>): EmcachersError {
  try {
    checkConfig({ ...servers, ...values }, '/');
  } catch (error) {
    if (error instanceof EmcachersError) return error;
  }
  throw new Error('The configuration was accepted.');
}

function load(place: string, environment: Record<string, string>, envFile: string | null = null): Config {
  return loadConfig({ folder: place, environment, envFile });
}

function folder() {
  return mkdtempDisposableSync(path.join(tmpdir(), 'emcachers-config-'));
}

test('only the two server URLs are required; every other setting has a default', () => {
  const config = checkConfig(servers, '/srv');
  expect(config).toMatchObject({
    dataDir: '/srv/.emcachers',
    roles: ['ingest', 'replicate', 'api'],
    host: '127.0.0.1',
    port: 4000,
    token: null,
    logLevel: 'info',
  });
});

test.each([
  ['ENGINE_PORT', 'http'],
  ['ENGINE_PORT', '70000'],
  ['EMCACHERS_ROLES', 'ingest,cook'],
  ['LOG_LEVEL', 'loud'],
  ['MONGO_URL', 'http://example.org'],
  ['DATABASE_URL', 'mysql://me:hunter2@example.org'],
  ['EMCACHERS_NODE_ID', 'a b'],
  ['EMCACHERS_TOKEN', 'short'],
  ['EMCACHERS_MASK_KEY', 'hunter2'],
  ['EMCACHERS_DEMO', 'maybe'],
  ['EMCACHERS_ROW_BYTES_MAX', '64MB'],
  ['EMCACHERS_DEAD_LETTERS_MAX', '0'],
  ['EMCACHERS_SOURCE_CHECK_SECONDS', '-1'],
])('a wrong %s is refused by that name', (name, value) => {
  const error = refusal({ [name]: value });
  expect(error.code).toBe('EMC-1001');
  expect(error.detail).toContain(name);
  expect(`${error.message} ${error.hint}`).not.toContain('hunter2');
});

test('the error for a missing server URL names the variable', () => {
  expect(() => checkConfig({ DATABASE_URL: servers.DATABASE_URL }, '/')).toThrow(/MONGO_URL is not set/);
});

test('rejects a non-loopback address without a token and accepts it with one', () => {
  expect(refusal({ ENGINE_HOST: '0.0.0.0' }).code).toBe('EMC-1004');
  const open = checkConfig({ ...servers, ENGINE_HOST: '0.0.0.0', EMCACHERS_TOKEN: 'a-long-enough-token' }, '/');
  expect(open.host).toBe('0.0.0.0');
});

test.each(['emcachers.config.json', 'emcachers.config.yaml'])(
  'reads %s; environment variables take precedence',
  (name) => {
    using here = folder();
    writeFileSync(path.join(here.path, name), '{"ENGINE_PORT": 4100, "EMCACHERS_ROLES": ["api"], "LOG_LEVEL": "warn"}');
    const config = load(here.path, { ...servers, LOG_LEVEL: 'error', ENGINE_HOST: '' });
    expect(config).toMatchObject({ port: 4100, roles: ['api'], logLevel: 'error', host: '127.0.0.1' });
  },
);

test('.env overrides the configuration file, and the environment overrides .env', () => {
  using here = folder();
  writeFileSync(path.join(here.path, 'emcachers.config.yaml'), 'ENGINE_PORT: 4100\nLOG_LEVEL: warn\n');
  writeFileSync(path.join(here.path, '.env'), 'ENGINE_PORT=4200\nLOG_LEVEL=debug\n');
  expect(load(here.path, { ...servers, LOG_LEVEL: 'error' })).toMatchObject({ port: 4200, logLevel: 'error' });
});

test('the error for an unknown setting in the file names the setting', () => {
  using here = folder();
  writeFileSync(path.join(here.path, 'emcachers.config.yaml'), 'ENGINE_PROT: 4100\n');
  expect(() => load(here.path, servers)).toThrow(/ENGINE_PROT/);
});

test('.env.example matches the settings', () => {
  const example = readFileSync(path.join(import.meta.dirname, '../../../../.env.example'), 'utf8');
  expect(example).toBe(renderEnvExample());
});

test('docs/settings.md matches the settings', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../../../docs/settings.md'), 'utf8');
  expect(page).toBe(renderSettingsPage());
});

test('every problem is reported at once, each with its variable and what to set', () => {
  const error = refusal({
    ENGINE_PORT: 'http',
    EMCACHERS_JOBS_MAX: '0',
    EMCACHERS_TOKEN: 'short',
    ENGINE_HOST: '0.0.0.0',
  });
  expect(error.detail).toBe(
    'EMCACHERS_JOBS_MAX is not a whole number from 1 to 1000 ("0"). ENGINE_PORT is not a port number from 0 to 65535 ("http"). EMCACHERS_TOKEN has fewer than 16 characters.',
  );
  expect(error.hint).toContain('Set EMCACHERS_JOBS_MAX to: jobs, from 1 to 1000.');
});

test('a channel that cannot hold a batch is refused', () => {
  const error = refusal({ EMCACHERS_CHANNEL_OPERATIONS_MAX: '10' });
  expect(error.detail).toBe(
    'EMCACHERS_CHANNEL_OPERATIONS_MAX is 10, which is below EMCACHERS_BATCH_OPERATIONS_MAX (2000).',
  );
});

test('production refuses an unknown EMCACHERS_ name and suggests the nearest one; development reports it, test ignores it', () => {
  const misspelt = { EMCACHERS_NODEID: 'a' };
  const error = refusal(misspelt);
  expect(error.detail).toBe('EMCACHERS_NODEID in the environment is not a setting.');
  expect(error.hint).toBe('Did you mean EMCACHERS_NODE_ID?');
  expect(refusal({ EMCACHERS_ZZ: 'a' }).hint).toContain('docs/settings.md');
  const namesIn = (mode: string) => checkConfig({ ...servers, ...misspelt, EMCACHERS_ENV: mode }, '/').unknownNames;
  expect(namesIn('development')).toEqual(['EMCACHERS_NODEID']);
  expect(namesIn('test')).toEqual([]);
});

test('development and test are as strict as production about values', () => {
  for (const EMCACHERS_ENV of ['development', 'test'])
    expect(refusal({ EMCACHERS_ENV, EMCACHERS_LEASE_MS: '5' }).detail).toContain('EMCACHERS_LEASE_MS');
  expect(refusal({ EMCACHERS_ENV: 'staging', EMCACHERS_NODEID: 'a' }).detail).toMatch(
    /EMCACHERS_NODEID.*EMCACHERS_ENV/,
  );
});

test('an env file that is named replaces .env, and must exist', () => {
  using here = folder();
  writeFileSync(path.join(here.path, '.env'), 'ENGINE_PORT=4200\n');
  writeFileSync(path.join(here.path, 'other.env'), 'LOG_LEVEL=debug\n');
  expect(load(here.path, servers, 'other.env')).toMatchObject({ port: 4000, logLevel: 'debug' });
  expect(() => load(here.path, servers, 'absent.env')).toThrow(/absent\.env cannot be read/);
});

test('every setting reaches the part of the engine that it is for', () => {
  const config = checkConfig(
    {
      ...servers,
      EMCACHERS_BATCH_LINGER_MS: '25',
      EMCACHERS_POSTGRES_STATEMENT_SECONDS: '60',
      EMCACHERS_CACHE_OPEN_FILES_MAX: '9',
      EMCACHERS_BREAKER_OPEN_SECONDS: '7',
      EMCACHERS_STREAM_AWAIT_MS: '11',
    },
    '/',
  );
  expect(config.channel.lingerMs).toBe(25);
  expect(config.postgres.statementMsMax).toBe(60_000);
  expect(config.cacheStore.openFilesMax).toBe(9);
  expect(config.supervision.breaker.openMs).toBe(7_000);
  expect(config.stream.awaitMsMax).toBe(11);
});

test('without settings, every part has its own defaults', () => {
  const config = checkConfig(servers, '/');
  expect(config.mongo).toEqual(mongoClientDefaults);
  expect({ ...changeStreamDefaults, ...config.stream }).toEqual(changeStreamDefaults);
  expect(config.postgres).toEqual(databaseDefaults);
  expect(config.channel).toEqual(channelDefaults);
  expect({ ...ingestDefaults, ...config.ingest }).toEqual(ingestDefaults);
  expect(config).toMatchObject(documentDefaults);
  expect(config).toMatchObject({ sourceCheckMs: ingestDefaults.sourceCheckMs, scansMax: ingestDefaults.scansMax });
  expect(config.verifyRowsPerSecondMax).toBe(replicatorDefaults.verifyRowsPerSecondMax);
  expect(config.deadLettersMax).toBe(deadLettersMaxDefault);
  expect({ ...replicatorDefaults, ...config.replicator }).toEqual(replicatorDefaults);
  expect(config.cacheStore).toEqual(cacheStoreDefaults);
  expect(config.supervision).toEqual(supervisorDefaults);
  expect(config.jobs).toEqual(jobRunnerDefaults);
  expect(config.sweepCap).toEqual(sweepCapDefault);
});

test('additional console origins are accepted as a list, and anything else is refused by name', () => {
  const listed = 'https://console.example.org, http://10.0.0.5:8080';
  const { consoleOrigins } = checkConfig({ ...servers, EMCACHERS_CONSOLE_ORIGINS: listed }, '/');
  expect(consoleOrigins.slice(-2)).toEqual(['https://console.example.org', 'http://10.0.0.5:8080']);
  for (const wrong of ['console.example.org', 'https://console.example.org/path', 'https://a.org,,'])
    expect(refusal({ EMCACHERS_CONSOLE_ORIGINS: wrong }).detail).toContain('EMCACHERS_CONSOLE_ORIGINS');
});

test.each([
  ['emcachers.config.json', '{ "MONGO_URL": '],
  ['emcachers.config.yaml', '- a list\n- of words'],
])('%s that is not a mapping is refused by its name', (name, text) => {
  using place = folder();
  writeFileSync(path.join(place.path, name), text);
  expect(() => load(place.path, servers)).toThrowError(
    expect.objectContaining({ code: 'EMC-1001', detail: expect.stringContaining(name) }),
  );
});
