import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JobView, Problem } from '@emcachers/core/api-views';
import { expect, test } from 'vitest';
import type { ApiClient } from './support/api-client.ts';
import { eventually } from './support/api-client.ts';
import { cacheRows, converged, differences, projectedSource } from './support/convergence.ts';
import { randomFrom } from './support/seeded-random.ts';
import { changeOrders, insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

const shape = orderShape('orders');
const documents = 1_000;

interface Snapshot {
  readonly snapshotId: string;
  readonly nodeId: string;
  readonly state: string;
  readonly documents: number | null;
  readonly path: string | null;
}

async function answer<Body>(api: ApiClient, method: string, route: string): Promise<Body> {
  return (await (await api.request(method, `/api/v1/entities/${route}`)).json()) as Body;
}

const snapshotsOf = (api: ApiClient): Promise<Snapshot[]> => answer(api, 'GET', 'orders/snapshots');

test('a node that joins starts from a snapshot in a shared folder, follows from it, and an erasure deletes the snapshot', async () => {
  await using stack = await createStack();
  const random = randomFrom(5);
  const collection = orders(stack.mongo);
  await insertOrders(collection, documents, random);
  const folder = await mkdtemp(path.join(tmpdir(), 'emcachers-snapshots-'));
  const shared = { EMCACHERS_SNAPSHOT_DIR: folder, EMCACHERS_SNAPSHOT_FREE_MB: '0' };
  await using first = await stack.engine(shared);
  const { api } = first;
  await api.create(shape);
  await api.untilLive('orders');

  const job = await api.job('orders', 'snapshot', { nodeId: 'test-node' });
  expect(job.message).toMatch(/^Made on 1 node: test-node \(offset \d+, 1,000 rows, \d+ bytes\)\.$/);
  const [made] = await snapshotsOf(api);
  expect(made).toMatchObject({ nodeId: 'test-node', state: 'ready', documents });
  expect(made?.path?.startsWith(path.join(folder, 'test-node/orders'))).toBe(true);

  await changeOrders(collection, documents, random);
  const joinedDirectory = path.join(stack.dataDir, '../joined');
  {
    const joined = { ...shared, EMCACHERS_ROLES: 'replicate,api', EMCACHERS_NODE_ID: 'joined' };
    await using second = await stack.engine({ ...joined, EMCACHERS_DATA_DIR: joinedDirectory });
    await converged({ mongo: stack.mongo, dataDir: joinedDirectory }, shape);
    expect(second.logLines.join('')).toContain('The cache starts from a snapshot.');
    await changeOrders(collection, documents, random);
    await converged({ mongo: stack.mongo, dataDir: joinedDirectory }, shape);
  }

  const erased = (await collection.findOne({}))?._id ?? 0;
  await collection.deleteOne({ _id: erased });
  const started = await api.request('POST', '/api/v1/entities/orders/erase', { body: { ids: [erased] } });
  const { jobId } = (await started.json()) as { jobId: string };
  const isOver = async (): Promise<JobView | null> => {
    const view = (await (await api.request('GET', `/api/v1/jobs/${jobId}`)).json()) as JobView;
    return view.status === 'queued' || view.status === 'running' ? null : view;
  };
  // Superseded files are deleted after half a minute.
  const ended = await eventually(isOver, 'the erasure').catch(() => eventually(isOver, 'the erasure'));
  expect(ended).toMatchObject({ status: 'succeeded' });
  expect(ended.message).toContain('Snapshots: those of older caches were deleted');
  expect([await snapshotsOf(api), existsSync(made?.path ?? '')]).toEqual([[], false]);
  expect(differences(await projectedSource(stack.mongo, shape), cacheRows(stack.dataDir, shape))).toEqual([]);
  await rm(folder, { recursive: true });
}, 240_000);

test('requests that cannot be met say why, and deleting a snapshot twice is no error', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 10, randomFrom(1));
  await using running = await stack.engine({ EMCACHERS_SNAPSHOT_FREE_MB: '0' });
  const { api } = running;
  const ask = (body: object) => api.request('POST', '/api/v1/entities/orders/snapshots', { body });
  expect(await codeOf(await ask({}))).toEqual([404, 'EMC-5002']);
  await api.create(shape);
  await api.untilLive('orders');
  expect(await codeOf(await ask({ node: 'x' }))).toEqual([400, 'EMC-5001']);
  await expect(api.job('orders', 'snapshot', { nodeId: 'nobody' })).rejects.toThrow(
    'The node nobody does not report, or has not a published cache of orders.',
  );
  await api.job('orders', 'snapshot');
  const [made] = await snapshotsOf(api);
  const route = `orders/snapshots/${made?.snapshotId}`;
  expect(await answer(api, 'DELETE', route)).toEqual({ found: true });
  await eventually(async () => ((await snapshotsOf(api)).length === 0 ? true : null), 'the snapshot to be deleted');
  expect([await answer(api, 'DELETE', route), existsSync(made?.path ?? '')]).toEqual([{ found: false }, false]);
  expect(await codeOf(await api.request('GET', '/api/v1/entities/nothing/snapshots'))).toEqual([404, 'EMC-5002']);
});

test('a disk without the space that must stay free refuses a snapshot', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 10, randomFrom(1));
  await using running = await stack.engine({ EMCACHERS_SNAPSHOT_FREE_MB: '1000000000' });
  await running.api.create(shape);
  await running.api.untilLive('orders');
  await expect(running.api.job('orders', 'snapshot')).rejects.toThrow(/MB free.*\(EMC-4008\)/);
});

async function codeOf(response: Response): Promise<[number, string]> {
  return [response.status, ((await response.json()) as Problem).code];
}
