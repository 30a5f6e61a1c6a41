import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { cacheRows } from './support/convergence.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

/** Each command starts a process of its own. */
const timeout = 240_000;
const program = path.join(import.meta.dirname, '../../../packages/cli/src/main.ts');

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a process of its own, against a running engine. */
async function openCli() {
  const stack = await createStack();
  await insertOrders(orders(stack.mongo), 100, randomFrom(1));
  const running = await stack.engine();
  const folder = await mkdtemp(path.join(tmpdir(), 'emcachers-cli-'));
  const env = { PATH: process.env['PATH'] ?? '', EMCACHERS_URL: running.engine.url };
  const run = (...words: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(process.execPath, [program, ...words], { env, cwd: folder }, (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  return {
    ...{ stack, running, run },
    write: (name: string, text: string) => writeFile(path.join(folder, name), text),
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await stack[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const description = (more = ''): string => `
version: 1
entities:
  - entityName: orders
    sourceName: shop.orders
    columns:
      - { name: total, type: Number, path: total }
      - { name: city, type: Text, path: customer.city }
${more}`;

test('a file of entities is planned, applied, applied again without effect, and removed with --prune', {
  timeout,
}, async () => {
  await using cli = await openCli();
  await cli.write('emcachers.yaml', description());
  expect(await cli.run('diff')).toMatchObject({ exitCode: 9, stdout: expect.stringMatching(/orders +create +yes/) });
  expect(await cli.run('apply')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/orders +none +yes/) });
  expect((await cli.running.api.entity('orders')).documents).toBe(100);
  expect((await cli.run('diff')).exitCode).toBe(0);
  expect(await cli.run('apply')).toMatchObject({ exitCode: 0, stderr: '' });

  await cli.write('emcachers.yaml', description('    indexes: [{ columns: [city] }]\n'));
  expect((await cli.run('apply')).stderr).toContain('orders: Builds and drops indexes');
  expect((await cli.running.api.entity('orders')).indexes).toMatchObject([{ columns: ['city'] }]);
  const exported = await cli.run('export');
  expect(parse(exported.stdout)).toMatchObject({ version: 1, entities: [{ indexes: [{ columns: ['city'] }] }] });
  await cli.write('exported.yaml', exported.stdout);
  expect((await cli.run('diff', '-f', 'exported.yaml')).exitCode).toBe(0);

  await cli.write('emcachers.yaml', description().replace('type: Number', 'type: Text'));
  const refused = await cli.run('apply');
  expect(refused).toMatchObject({
    exitCode: 6,
    stdout: expect.stringContaining('the type is Number, described is Text'),
  });
  expect(refused.stderr).toContain('Nothing was done');
  await cli.write('emcachers.yaml', 'version: 1\nentities: []\n');
  expect((await cli.run('diff')).stdout).toContain('Not described by the file: orders');
  expect(await cli.run('apply', '--prune')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') });
  expect((await cli.run('apply', '--prune', '--yes')).exitCode).toBe(0);
  expect((await cli.running.api.request('GET', '/api/v1/entities/orders')).status).toBe(404);
});

test('jobs are followed to their end, and every answer can be had as JSON', { timeout }, async () => {
  await using cli = await openCli();
  const { run } = cli;
  await cli.write('orders.json', JSON.stringify(orderShape('orders')));
  expect((await run('entities', 'create', '-f', 'orders.json')).exitCode).toBe(0);
  expect(await run('refresh', 'orders')).toMatchObject({ stdout: expect.stringMatching(/^Scanned 100 documents/) });
  expect(await run('refresh', 'orders', '--query', '{"_id":{"$lt":3}}')).toMatchObject({ exitCode: 0 });
  expect(await run('verify', 'orders')).toMatchObject({ stdout: expect.stringContaining('all are right') });
  expect((await run('rebuild', 'orders')).stdout).toBe('Rebuilt on 1 node.\n');
  expect((await run('pause', 'orders')).exitCode).toBe(0);
  expect((await run('resume', 'orders')).exitCode).toBe(0);

  const status = await run('status', '-o', 'json');
  expect(JSON.parse(status.stdout)).toMatchObject({ entities: [{ entityName: 'orders', documents: 100 }] });
  expect((await run('status')).stdout).toMatch(/orders +ok +live +shop\.orders +100/);
  const jobs = JSON.parse((await run('jobs', '-o', 'json')).stdout) as { kind: string; jobId: string }[];
  expect(jobs.map(({ kind }) => kind)).toEqual(['resume', 'pause', 'rebuild', 'verify', 'refreshDocuments', 'refresh']);
  expect((await run('jobs', 'get', jobs[0]?.jobId ?? '')).stdout).toContain('succeeded');
  expect(JSON.parse((await run('rows', 'orders', '--id', '7', '-o', 'json')).stdout)).toMatchObject({
    rows: [{ docId: 'n:7' }],
  });
  expect((await run('explain-row', 'orders', '7')).stdout).toMatch(/^n:7: fresh\n/);
  expect((await run('oplog', 'tail', 'orders', '--limit', '2')).stdout.trim().split('\n')).toHaveLength(2);
  expect((await run('audit', '--entity', 'orders')).stdout).toMatch(/rebuild +orders/);
  expect((await run('sources', 'sample', 'shop.orders')).stdout).toContain('customer.city');
  expect((await run('dead-letters', 'list', 'orders')).stdout).toBe('There are no dead letters.\n');
  expect((await run('incidents')).exitCode).toBe(0);
  expect((await run('nodes')).stdout).toContain('test-node');
  expect((await run('snapshots', 'create', 'orders')).exitCode).toBe(0);
  const listed = await run('snapshots', 'list', 'orders', '-o', 'json');
  const [snapshot] = JSON.parse(listed.stdout) as { snapshotId: string; state: string; documents: number }[];
  expect(snapshot).toMatchObject({ state: 'ready', documents: 100 });
  expect((await run('snapshots', 'list', 'orders')).stdout).toMatch(/ready/);
  expect((await run('snapshots', 'delete', 'orders', snapshot?.snapshotId ?? '')).exitCode).toBe(0);

  expect(await run('delete', 'orders')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') });
  expect(cacheRows(cli.stack.dataDir, orderShape('orders')).size).toBe(100);
  expect((await run('delete', 'orders', '--yes')).exitCode).toBe(0);
});

test('errors have their code, their next step and an exit code of their own', { timeout }, async () => {
  await using cli = await openCli();
  const { run } = cli;
  expect(await run('entities', 'get', 'nothing')).toMatchObject({
    ...{ exitCode: 5, stdout: '' },
    stderr: expect.stringMatching(/^Error: .*\(EMC-5002\)\nNext step: /),
  });
  await cli.write('bad.yaml', 'entityName: orders\nsourceName: shop\ncolumns: []\n');
  expect(await run('entities', 'create', '-f', 'bad.yaml')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/sourceName: Enter the source as database\.collection\.\n {2}columns: Add at least/),
  });
  expect(await run('status', '--url', 'http://127.0.0.1:1')).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('EMC-5008'),
  });
  expect((await run('status', '--check')).exitCode).toBe(0);
  expect((await run('nonsense')).exitCode).toBe(2);
});
