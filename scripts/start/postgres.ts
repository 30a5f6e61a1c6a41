import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@emcachers/db/embedded-postgres';
import type { StartContext } from './context.ts';
import { openRotatingLog } from './rotating-log.ts';

/** The embedded PostgreSQL in `<data dir>/postgres`, with its log next to the others. */
export async function startPostgres(context: StartContext): Promise<EmbeddedPostgres> {
  await mkdir(context.logDir, { recursive: true });
  const log = openRotatingLog(path.join(context.logDir, 'postgres.log'), context.settings.logLimits);
  return startEmbeddedPostgres({
    directory: path.join(context.settings.dataDir, 'postgres'),
    port: context.settings.postgresPort,
    onLog: (line) => log.write(`${line}\n`),
  });
}
