import { expect, test } from 'vitest';
import { readStartSettings } from '../scripts/start/settings.ts';
import { read } from './repository.ts';

test('the defaults of `npm start` are the documented ones', () => {
  const documented = Object.fromEntries(
    [...read('.env.example').matchAll(/^# ([A-Z_]+)=(.+)$/gm)].map(([, name = '', value]) => [name, value]),
  );
  const start = readStartSettings({}, '/');
  expect({
    EMCACHERS_DATA_DIR: start.dataDir.slice(1),
    ENGINE_HOST: start.host,
    ENGINE_PORT: String(start.enginePort),
    CONSOLE_PORT: String(start.consolePort),
    EMCACHERS_MONGO_PORT: String(start.mongoPort),
    EMCACHERS_POSTGRES_PORT: String(start.postgresPort),
  }).toEqual({
    EMCACHERS_DATA_DIR: documented['EMCACHERS_DATA_DIR'],
    ENGINE_HOST: documented['ENGINE_HOST'],
    ENGINE_PORT: documented['ENGINE_PORT'],
    CONSOLE_PORT: documented['CONSOLE_PORT'],
    EMCACHERS_MONGO_PORT: documented['EMCACHERS_MONGO_PORT'],
    EMCACHERS_POSTGRES_PORT: documented['EMCACHERS_POSTGRES_PORT'],
  });
});
