import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** Test databases on the server started by `testing-setup.ts`. For tests only. */
declare module 'vitest' {
  interface ProvidedContext {
    readonly emcachersTestServer: { readonly url: string; readonly template: string };
  }
}

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/** A separate database, cloned from the migrated template in tens of milliseconds; dropped on dispose. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = inject('emcachersTestServer');
  const name = `emcachers_test_${randomUUID().replaceAll('-', '')}`;
  await runOnServer(server.url, `CREATE DATABASE ${name} TEMPLATE ${server.template}`);
  return testDatabase(server.url, name);
}

/** A separate database without tables, for tests of migrations. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const server = inject('emcachersTestServer');
  const name = `emcachers_test_${randomUUID().replaceAll('-', '')}`;
  await runOnServer(server.url, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
  return testDatabase(server.url, name);
}

/** A copy of a test database, as a backup would hold it. Waits until nothing is connected to the original. */
export async function copyTestDatabase(url: string): Promise<TestDatabase> {
  const server = inject('emcachersTestServer');
  const name = `emcachers_test_${randomUUID().replaceAll('-', '')}`;
  await runOnServer(server.url, `CREATE DATABASE ${name} TEMPLATE ${nameOf(url)}`);
  return testDatabase(server.url, name);
}

function testDatabase(serverUrl: string, name: string): TestDatabase {
  return {
    url: databaseUrl(serverUrl, name),
    // FORCE: a test that failed halfway may leave connections, and DROP must not wait for them.
    [Symbol.asyncDispose]: () => runOnServer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Restores a backup: the database at `url` is dropped with its connections, and the backup takes its name. */
export async function restoreTestDatabase(url: string, backup: TestDatabase): Promise<void> {
  const server = inject('emcachersTestServer');
  await runOnServer(server.url, `DROP DATABASE ${nameOf(url)} WITH (FORCE)`);
  await runOnServer(server.url, `ALTER DATABASE ${nameOf(backup.url)} RENAME TO ${nameOf(url)}`);
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

export async function runOnServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
