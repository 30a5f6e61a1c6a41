import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Database, openDatabase } from '@emcachers/db/database';
import { startEmbeddedPostgres } from '@emcachers/db/embedded-postgres';
import { migrate } from '@emcachers/db/migrate';

/** A migrated database on a PostgreSQL of its own, which ends with it. */
export async function openBenchDatabase(): Promise<AsyncDisposable & { readonly database: Database }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'emcachers-bench-'));
  const postgres = await startEmbeddedPostgres({ directory: path.join(folder, 'postgres'), port: 0 });
  await migrate(postgres.url);
  const database = openDatabase({ url: postgres.url });
  return {
    database,
    async [Symbol.asyncDispose]() {
      await database.close();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
