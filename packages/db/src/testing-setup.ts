import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { migrate } from './migrate.ts';
import { databaseUrl, runOnServer } from './testing.ts';

/**
 * Vitest's global setup: starts one PostgreSQL for the run, or uses EMCACHERS_TEST_DATABASE_URL, and creates a migrated template
 * database that `createTestDatabase` clones.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await testServer();
  const template = `emcachers_template_${randomUUID().replaceAll('-', '')}`;
  await runOnServer(server.url, `CREATE DATABASE ${template} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
  await migrate(databaseUrl(server.url, template));
  project.provide('emcachersTestServer', { url: server.url, template });
  return async () => {
    await runOnServer(server.url, `DROP DATABASE ${template} WITH (FORCE)`);
    await server.stop();
  };
}

async function testServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const given = process.env['EMCACHERS_TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  const directory = await mkdtemp(join(tmpdir(), 'emcachers-test-postgres-'));
  // Test data need not survive a machine crash, only a process crash (which the tests check).
  const server = await startEmbeddedPostgres({ directory: join(directory, 'data'), port: 0, settings: ['fsync=off'] });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
