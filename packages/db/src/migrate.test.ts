import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import { createTestDatabase, runOnServer } from './testing.ts';

const shipped = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

async function copyOfMigrations() {
  const folder = await mkdtemp(join(tmpdir(), 'emcachers-migrations-'));
  await cp(shipped, folder, { recursive: true });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

describe('migrate', () => {
  test('applies nothing to a database that is up to date', async () => {
    await using database = await createTestDatabase();
    await expect(migrate(database.url)).resolves.toEqual({ applied: [] });
  });

  test('several engines that start at once apply each migration once', async () => {
    await using database = await createTestDatabase();
    await using copy = await copyOfMigrations();
    await mkdir(join(copy.folder, '9999_next'));
    await writeFile(join(copy.folder, '9999_next', 'migration.sql'), 'CREATE TABLE next_thing (id integer);');
    const results = await Promise.all([1, 2, 3, 4].map(() => migrate(database.url, copy.folder)));
    expect(results.flatMap((result) => result.applied)).toEqual(['9999_next']);
  });

  test('a failed migration is rolled back, and the error names it', async () => {
    await using database = await createTestDatabase();
    await using copy = await copyOfMigrations();
    await mkdir(join(copy.folder, '9999_bad'));
    await writeFile(join(copy.folder, '9999_bad', 'migration.sql'), 'CREATE TABLE half (id integer); SELECT 1/0;');
    await expect(migrate(database.url, copy.folder)).rejects.toThrow(/EMC-3005.*9999_bad.*division by zero/);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const found = await client.query("SELECT to_regclass('half') AS half");
    await client.end();
    expect(found.rows).toEqual([{ half: null }]);
  });

  test('a migration that was edited after it was applied prevents the start', async () => {
    await using database = await createTestDatabase();
    await using copy = await copyOfMigrations();
    await writeFile(join(copy.folder, '0001_oplog_and_control', 'migration.sql'), 'SELECT 1;');
    await expect(migrate(database.url, copy.folder)).rejects.toThrow(/EMC-3005.*0001_oplog_and_control was changed/);
  });

  test('a database that a newer engine has migrated prevents the start', async () => {
    await using database = await createTestDatabase();
    await using copy = await copyOfMigrations();
    await mkdir(join(copy.folder, '9999_next'));
    await writeFile(join(copy.folder, '9999_next', 'migration.sql'), 'CREATE TABLE next_thing (id integer);');
    await migrate(database.url, copy.folder);
    await expect(migrate(database.url)).rejects.toThrow(/EMC-3005.*9999_next, which this engine does not know/);
  });

  test('a migration that another tool started and did not finish prevents the start', async () => {
    await using database = await createTestDatabase();
    await runOnServer(database.url, 'UPDATE _prisma_migrations SET finished_at = NULL');
    await expect(migrate(database.url)).rejects.toThrow(/EMC-3005.*0001_oplog_and_control .*is not finished/);
  });

  test('the error for an unreachable server names the variable', async () => {
    await expect(migrate('postgres://nobody@127.0.0.1:1/none')).rejects.toThrow(/EMC-3001.*DATABASE_URL/);
  });
});
