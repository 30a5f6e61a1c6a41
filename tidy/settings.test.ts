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
    EMCACHERS_LOG_FILE_BYTES_MAX: String(start.logLimits.fileBytesMax),
    EMCACHERS_LOG_FILES_KEPT: String(start.logLimits.filesKept),
    EMCACHERS_STOP_SECONDS: String(start.stopMsMax / 1_000 - 7),
  }).toEqual({
    EMCACHERS_DATA_DIR: documented['EMCACHERS_DATA_DIR'],
    ENGINE_HOST: documented['ENGINE_HOST'],
    ENGINE_PORT: documented['ENGINE_PORT'],
    CONSOLE_PORT: documented['CONSOLE_PORT'],
    EMCACHERS_MONGO_PORT: documented['EMCACHERS_MONGO_PORT'],
    EMCACHERS_POSTGRES_PORT: documented['EMCACHERS_POSTGRES_PORT'],
    EMCACHERS_LOG_FILE_BYTES_MAX: documented['EMCACHERS_LOG_FILE_BYTES_MAX'],
    EMCACHERS_LOG_FILES_KEPT: documented['EMCACHERS_LOG_FILES_KEPT'],
    EMCACHERS_STOP_SECONDS: documented['EMCACHERS_STOP_SECONDS'],
  });
});
