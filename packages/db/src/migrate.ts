import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import pg from 'pg';
import { advisoryLocks, advisoryNamespace } from './advisory-locks.ts';
import { connectionConfig, quoteName, schemaOf } from './connection-config.ts';
import { connectAtStart, toStartError } from './requirements/connect-refusal.ts';

/**
 * Applies `prisma/migrations` on startup, one transaction each. Records them as `prisma migrate deploy` does, in the same table with
 * the same checksum, so that either can be used on a database. An advisory lock lets several engines start at once. Worst
 * case: the engine refuses to start. It never changes a database that a newer engine has migrated, or whose migrations were
 * edited after they were applied.
 */
export interface MigrationResult {
  readonly applied: readonly string[];
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const defaultFolder = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** Throws EMC-3001 if PostgreSQL cannot be reached, the errors of `toStartError` if it refuses, EMC-3005 if the schema is not one that we may migrate. */
export async function migrate(databaseUrl: string, folder: string = defaultFolder): Promise<MigrationResult> {
  const migrations = await readMigrations(folder);
  const client = new pg.Client({
    ...connectionConfig(databaseUrl, { applicationName: 'emcachers migrate' }),
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  await connectAtStart(client);
  try {
    await client.query('SELECT pg_advisory_lock($1, $2)', [advisoryNamespace, advisoryLocks.migrate]);
    await createSchema(client, schemaOf(databaseUrl));
    await client.query(createRecordTable);
    const pending = await findPending(client, migrations);
    for (const migration of pending) await apply(client, migration);
    return { applied: pending.map((migration) => migration.name) };
  } catch (error) {
    throw toStartError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Looks first: PostgreSQL checks the right to create schemas even if there is nothing to create. */
async function createSchema(client: pg.Client, schema: string | null): Promise<void> {
  if (schema === null) return;
  const found = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  if (found.rowCount === 0) await client.query(`CREATE SCHEMA ${quoteName(schema)}`);
}

// The same table as Prisma's schema engine creates.
const createRecordTable = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  varchar(36)  PRIMARY KEY NOT NULL,
  checksum            varchar(64)  NOT NULL,
  finished_at         timestamptz,
  migration_name      varchar(255) NOT NULL,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz  NOT NULL DEFAULT now(),
  applied_steps_count integer      NOT NULL DEFAULT 0
)`;

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const bytes = await readFile(join(folder, name, 'migration.sql'));
      return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
}

interface AppliedRow {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

async function findPending(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  const answer = await client.query<AppliedRow>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of answer.rows) {
    const migration = known.get(row.migration_name);
    if (migration === undefined)
      throw schemaError(`The database has the migration ${row.migration_name}, which this engine does not know.`);
    if (!row.finished)
      throw schemaError(`The migration ${row.migration_name} was started by another tool and is not finished.`);
    if (migration.checksum !== row.checksum)
      throw schemaError(`The migration ${row.migration_name} was changed after it was applied.`);
  }
  const applied = new Set(answer.rows.map((row) => row.migration_name));
  return migrations.filter((migration) => !applied.has(migration.name));
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    const words = error instanceof Error ? error.message : String(error);
    throw schemaError(`The migration ${migration.name} failed and was rolled back: ${words}`, error);
  }
}

function schemaError(detail: string, cause?: unknown): EmcachersError {
  return new EmcachersError({ code: 'EMC-3005', detail, cause });
}
