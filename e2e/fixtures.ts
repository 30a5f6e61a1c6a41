import path from 'node:path';
import process from 'node:process';
import { AxeBuilder } from '@axe-core/playwright';
import { type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import Database from 'better-sqlite3';
import { type Db, MongoClient } from 'mongodb';

export interface Stack {
  readonly consoleUrl: string;
  readonly engineUrl: string;
  readonly dataDir: string;
}

interface Fixtures {
  readonly stack: Stack;
  /** A MongoDB database of this test alone, dropped afterwards. */
  readonly source: Db;
  /** A prefix for entity names of this test alone; entities so named are deleted afterwards. */
  readonly prefix: string;
  /** The name of a live entity with the columns `name` and `age`, a copy of two documents of `source`. */
  readonly liveEntity: string;
  readonly axe: () => Promise<unknown[]>;
  /** The browser reports every answer >= 400 as an error of its console; one that the test provokes is named here. */
  readonly expectRefusal: (status: number, procedure: string) => void;
  readonly refusals: { readonly status: number; readonly procedure: string }[];
}

const wcagTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
let counter = 0;

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; the global set-up sets it.`);
  return value;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's dependencies from this pattern.
  stack: async ({}, use) => {
    await use({
      consoleUrl: variable('CONSOLE_URL'),
      engineUrl: variable('ENGINE_URL'),
      dataDir: variable('STACK_DATA_DIR'),
    });
  },
  context: async ({ context, stack }, use) => {
    await signIn(context, stack.consoleUrl);
    await use(context);
  },
  baseURL: async ({ stack }, use) => {
    await use(stack.consoleUrl);
  },
  prefix: async ({ stack }, use) => {
    counter += 1;
    const prefix = `t${process.pid}_${counter}_`;
    await use(prefix);
    await deleteEntities(stack, prefix);
  },
  source: async ({ prefix }, use) => {
    const client = new MongoClient(variable('STACK_MONGO_URL'));
    const database = client.db(`${prefix}source`);
    await use(database);
    await database.dropDatabase();
    await client.close();
  },
  liveEntity: async ({ prefix, source, stack }, use) => {
    await source.collection<{ _id: number; name: string; age: number }>('people').insertMany([
      { _id: 1, name: 'Ada', age: 36 },
      { _id: 2, name: 'Grace', age: 85 },
    ]);
    const entityName = `${prefix}people`;
    await createEntity(stack, {
      entityName,
      sourceName: `${source.databaseName}.people`,
      columns: [
        { name: 'name', type: 'Text', path: 'name' },
        { name: 'age', type: 'Integer', path: 'age' },
      ],
    });
    await expect.poll(async () => (await readEntity(stack, entityName))?.activity, { timeout: 60_000 }).toBe('live');
    await use(entityName);
  },
  // Every test fails on a console error, an uncaught exception, an answer >= 500 or a request to another origin.
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's dependencies from this pattern.
  refusals: async ({}, use) => {
    await use([]);
  },
  expectRefusal: async ({ refusals }, use) => {
    await use((status, procedure) => refusals.push({ status, procedure }));
  },
  // Depends on the prefix so that the page closes before the entities of the test are deleted: an open page polls them.
  page: async ({ page, stack, refusals, prefix: _prefix }, use) => {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      const text = `${message.text()} ${message.location().url}`;
      const isExpected = refusals.some(
        ({ status, procedure }) => text.includes(`status of ${status} `) && text.includes(`/api/trpc/${procedure}`),
      );
      if (message.type() === 'error' && !isExpected) problems.push(`console: ${text}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 500) problems.push(`${response.status()} ${response.url()}`);
    });
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== stack.consoleUrl)
        problems.push(`foreign request: ${request.url()}`);
    });
    await use(page);
    expect(problems, 'no error in the browser').toEqual([]);
  },
  axe: async ({ page }, use) => {
    await use(async () => {
      const { violations } = await new AxeBuilder({ page }).withTags(wcagTags).analyze();
      return violations.map(({ id, nodes }) => ({
        id,
        at: nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary}`),
      }));
    });
  },
});

export { expect } from '@playwright/test';

/** Does what the sign-in page does, if the product asks for a token. */
export async function signIn(context: BrowserContext, consoleUrl: string): Promise<void> {
  const token = process.env['EMCACHERS_TOKEN'];
  if (token !== undefined) await context.request.post(`${consoleUrl}/sign-in`, { form: { token } });
}

/** A call of the REST API, with the token if there is one. */
export function callEngine(stack: Stack, pathname: string, init: RequestInit = {}): Promise<Response> {
  const token = process.env['EMCACHERS_TOKEN'];
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  return fetch(`${stack.engineUrl}${pathname}`, { ...init, headers });
}

async function deleteEntities(stack: Stack, prefix: string): Promise<void> {
  const list = (await (await callEngine(stack, `/api/v1/entities`)).json()) as { entityName: string }[];
  for (const { entityName } of list.filter((entity) => entity.entityName.startsWith(prefix))) {
    await callEngine(stack, `/api/v1/entities/${entityName}`, { method: 'DELETE' });
    await expect
      .poll(async () => (await callEngine(stack, `/api/v1/entities/${entityName}`)).status, { timeout: 30_000 })
      .toBe(404);
  }
}

export interface EntityShape {
  readonly entityName: string;
  readonly sourceName: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly path: string;
    readonly whenRefused?: string;
  }[];
}

/** Creates an entity through the REST API. */
export async function createEntity(stack: Stack, shape: EntityShape): Promise<void> {
  const answer = await callEngine(stack, `/api/v1/entities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(shape),
  });
  expect(answer.status).toBe(201);
}

export interface EntityState {
  readonly activity: string;
  readonly version: number;
  readonly nodes: readonly { readonly generation: number | null }[];
}

/** An entity as the REST API returns it, or null if it does not exist. */
export async function readEntity(stack: Stack, entityName: string): Promise<EntityState | null> {
  const answer = await callEngine(stack, `/api/v1/entities/${entityName}`);
  return answer.status === 404 ? null : ((await answer.json()) as EntityState);
}

/** Picks a collection in the form. */
export async function chooseSource(page: Page, sourceName: string): Promise<void> {
  await page.getByLabel('Source collection').click();
  await page.getByLabel('Find a collection').fill(sourceName);
  await page.getByRole('option', { name: sourceName }).click();
}

/** Reads a cache file as an application would: read-only, by its published name. */
export function readCache(stack: Stack, entityName: string, sql: string): unknown[] {
  const file = path.join(stack.dataDir, 'dbs', entityName, 'db.sqlite');
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}
