import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { RowExplanation } from '@emcachers/core/row-explanation';
import { openDatabase } from '@emcachers/db/database';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { type ApiClient, eventually } from './support/api-client.ts';
import { startEngineProcess } from './support/engine-process.ts';
import { createStack, type Stack } from './support/stack.ts';

/** Rows of each way to be stale. */
const rowCount = 10;
const ids = Array.from({ length: rowCount }, (_, index) => index);

interface Item {
  readonly _id: number;
  readonly name: string;
  readonly n: number | string;
}

interface HealthAnswer {
  readonly components: readonly { readonly name: string; readonly health: string }[];
}

const columns = [
  { name: 'name', type: 'Text', path: 'name' },
  { name: 'n', type: 'Integer', path: 'n' },
] as const;

const items = (stack: Stack, collection: string) => stack.mongo.db('shop').collection<Item>(collection);

async function fill(stack: Stack, collection: string): Promise<void> {
  await items(stack, collection).insertMany(ids.map((id) => ({ _id: id, name: `item ${id}`, n: id })));
}

async function explain(api: ApiClient, entityName: string, id: number): Promise<RowExplanation> {
  const response = await api.request('GET', `/api/v1/entities/${entityName}/rows/explain?idText=n:${id}`);
  expect(response.status).toBe(200);
  const explanations = (await response.json()) as RowExplanation[];
  expect(explanations).toHaveLength(1);
  return explanations[0] as RowExplanation;
}

/** Every row has this verdict, and this action mends it. */
async function expectAll(
  api: ApiClient,
  entityName: string,
  expected: Pick<RowExplanation, 'verdict' | 'action'>,
): Promise<RowExplanation[]> {
  const explanations: RowExplanation[] = [];
  for (const id of ids) explanations.push(await explain(api, entityName, id));
  expect(explanations.map(({ docId, verdict, action }) => ({ docId, verdict, action }))).toEqual(
    ids.map((id) => ({ docId: `n:${id}`, ...expected })),
  );
  return explanations;
}

function cacheFile(stack: Stack, entityName: string): Sqlite.Database {
  return new Sqlite(realpathSync(path.join(stack.dataDir, 'dbs', entityName, 'db.sqlite')));
}

interface Place {
  readonly stack: Stack;
  readonly api: ApiClient;
}

async function live({ stack, api }: Place, entityName: string, extra: object = {}): Promise<void> {
  await fill(stack, entityName);
  await api.create({ entityName, sourceName: `shop.${entityName}`, columns: [...columns], ...extra });
  await api.untilLive(entityName);
}

test('of a hundred rows made stale in ten ways each is explained rightly, with the action that mends it', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const { api } = running;
  const database = openDatabase({ url: stack.databaseUrl, connectionsMax: 1 });
  try {
    await live({ stack, api }, 'fresh');
    const [first] = await expectAll(api, 'fresh', { verdict: 'fresh', action: 'none' });
    expect(first).toMatchObject({
      source: { state: 'found', row: { cells: ['item 0', '0'] } },
      oplogRow: { cells: ['item 0', '0'] },
      nodes: [{ nodeId: 'test-node', state: 'level', row: { cells: ['item 0', '0'] } }],
    });

    await live({ stack, api }, 'masked', {
      columns: [{ ...columns[0], mask: { kind: 'truncate', length: 2 } }, columns[1]],
    });
    const [secret] = await expectAll(api, 'masked', { verdict: 'masked', action: 'none' });
    expect(JSON.stringify(secret)).not.toContain('item');

    await live({ stack, api }, 'filtered', { where: { n: { $gte: rowCount } } });
    await expectAll(api, 'filtered', { verdict: 'filtered-out', action: 'none' });

    await live({ stack, api }, 'refused', { columns: [columns[0], { ...columns[1], whenRefused: 'dead-letter' }] });
    await items(stack, 'refused').updateMany({}, { $set: { n: 'no number' } });
    await eventually(
      async () => ((await api.entity('refused')).deadLetters === rowCount ? true : null),
      'dead letters',
    );
    await expectAll(api, 'refused', { verdict: 'dead-lettered', action: 'retry' });

    await live({ stack, api }, 'paused');
    await api.job('paused', 'pause');
    await items(stack, 'paused').updateMany({}, { $set: { n: 100 } });
    await expectAll(api, 'paused', { verdict: 'cache-behind', action: 'resume' });

    await live({ stack, api }, 'damaged');
    const file = cacheFile(stack, 'damaged');
    file.exec(`UPDATE damaged SET name = 'another' WHERE n < 5; DELETE FROM damaged WHERE n >= 5`);
    file.close();
    const [damaged] = await expectAll(api, 'damaged', { verdict: 'cache-wrong', action: 'repair' });
    expect(damaged).toMatchObject({ differing: [], nodes: [{ state: 'wrong', differing: ['name'] }] });

    await live({ stack, api }, 'lost_change');
    await database.pool.query(
      `UPDATE oplog SET data = replace(data, 'item', 'old') WHERE entity_id = (SELECT id FROM entity WHERE name = 'lost_change')`,
    );
    const [lost] = await expectAll(api, 'lost_change', {
      verdict: 'source-changed-without-event',
      action: 'refreshDocuments',
    });
    expect(lost).toMatchObject({ differing: ['name'] });

    await live({ stack, api }, 'lost_insert');
    await database.pool.query(`DELETE FROM oplog WHERE entity_id = (SELECT id FROM entity WHERE name = 'lost_insert')`);
    await expectAll(api, 'lost_insert', { verdict: 'source-changed-without-event', action: 'refreshDocuments' });

    await live({ stack, api }, 'on_its_way');
    const admin = stack.mongo.db('admin');
    const failure = { failCommands: ['getMore', 'aggregate'], errorCode: 189 };
    await admin.command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data: failure });
    // A reply that the server already waits with would still deliver a change.
    await eventually(async () => {
      const { components } = (await (await api.request('GET', '/health')).json()) as HealthAnswer;
      return components.find(({ name }) => name === 'change-source')?.health === 'ok' ? null : true;
    }, 'the stream to be interrupted');
    await items(stack, 'on_its_way').updateMany({}, { $set: { n: 100 } });
    await expectAll(api, 'on_its_way', { verdict: 'in-flight', action: 'wait' });

    await admin.command({
      configureFailPoint: 'failCommand',
      mode: 'alwaysOn',
      data: { failCommands: ['find'], errorCode: 189 },
    });
    await expectAll(api, 'fresh', { verdict: 'unknown', action: 'wait' });
    await admin.command({ configureFailPoint: 'failCommand', mode: 'off' });
  } finally {
    await database.close();
  }
}, 240_000);

test('a scan that is not complete, a node that does not answer, and an id that nobody knows are told apart', async () => {
  await using stack = await createStack();
  await using running = await stack.engine({
    EMCACHERS_SCAN_DOCUMENTS_PER_SECOND: '1',
    EMCACHERS_SCAN_PAGE_DOCUMENTS_MAX: '1',
  });
  const { api } = running;
  await fill(stack, 'slow');
  // Long enough for a slow machine to ask before the scan has come to the last one.
  const lastId = rowCount + 15;
  const more = Array.from({ length: lastId - rowCount + 1 }, (_, index) => rowCount + index);
  await items(stack, 'slow').insertMany(more.map((id) => ({ _id: id, name: `item ${id}`, n: id })));
  await api.create({ entityName: 'slow', sourceName: 'shop.slow', columns: [...columns] });
  const last = await explain(api, 'slow', lastId);
  expect(last).toMatchObject({ verdict: 'staged-by-scan', action: 'wait', source: { state: 'found' }, entries: [] });
  await api.untilLive('slow');

  const unknown = await api.request('GET', '/api/v1/entities/slow/rows/explain?idText=nobody');
  expect(await unknown.json()).toMatchObject([
    { docId: 'nobody', verdict: 'fresh', source: { state: 'absent' }, entries: [], nodes: [{ row: null }] },
  ]);
  expect((await api.request('GET', '/api/v1/entities/nothing/rows/explain?idText=1')).status).toBe(404);

  const second = startEngineProcess(
    stack.environment({ EMCACHERS_NODE_ID: 'second', EMCACHERS_DATA_DIR: path.join(stack.dataDir, '..', 'second') }),
  );
  try {
    await second.ready;
    await eventually(async () => {
      const { nodes, verdict } = await explain(api, 'slow', 0);
      return verdict === 'fresh' && nodes.length === 2 ? true : null;
    }, 'both nodes to have the row');
    second.child.kill('SIGSTOP');
    const silent = await explain(api, 'slow', 0);
    expect(silent).toMatchObject({
      verdict: 'unknown',
      nodes: [
        { nodeId: 'second', state: 'silent' },
        { nodeId: 'test-node', state: 'level' },
      ],
    });
  } finally {
    second.child.kill('SIGCONT');
    await second[Symbol.asyncDispose]();
  }
}, 120_000);
