import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { expect, test } from 'vitest';
import { checkConfig, loadConfig } from './config.ts';
import { renderEnvExample } from './env-example.ts';

const servers = { MONGO_URL: 'mongodb://127.0.0.1:27017', DATABASE_URL: 'postgres://me:secret@127.0.0.1/emc' };

function refusal(values: Record<string, string>): EmcachersError {
  try {
    checkConfig({ ...servers, ...values }, '/');
  } catch (error) {
    if (error instanceof EmcachersError) return error;
  }
  throw new Error('The configuration was accepted.');
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
    const config = loadConfig(here.path, { ...servers, LOG_LEVEL: 'error', ENGINE_HOST: '' });
    expect(config).toMatchObject({ port: 4100, roles: ['api'], logLevel: 'error', host: '127.0.0.1' });
  },
);

test('.env overrides the configuration file, and the environment overrides .env', () => {
  using here = folder();
  writeFileSync(path.join(here.path, 'emcachers.config.yaml'), 'ENGINE_PORT: 4100\nLOG_LEVEL: warn\n');
  writeFileSync(path.join(here.path, '.env'), 'ENGINE_PORT=4200\nLOG_LEVEL=debug\n');
  expect(loadConfig(here.path, { ...servers, LOG_LEVEL: 'error' })).toMatchObject({ port: 4200, logLevel: 'error' });
});

test('the error for an unknown setting in the file names the setting', () => {
  using here = folder();
  writeFileSync(path.join(here.path, 'emcachers.config.yaml'), 'ENGINE_PROT: 4100\n');
  expect(() => loadConfig(here.path, servers)).toThrow(/ENGINE_PROT/);
});

test('.env.example matches the settings', () => {
  const example = readFileSync(path.join(import.meta.dirname, '../../../../.env.example'), 'utf8');
  expect(example).toBe(renderEnvExample());
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
  expect(() => loadConfig(place.path, servers)).toThrowError(
    expect.objectContaining({ code: 'EMC-1001', detail: expect.stringContaining(name) }),
  );
});
