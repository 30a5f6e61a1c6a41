import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { JobView } from '@emcachers/core/api-views';
import { openDatabase } from '@emcachers/db/database';
import { runOnServer } from '@emcachers/db/testing';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { createStack, type Stack } from './support/stack.ts';

const canary = 'canary-4711-value';
const shape = {
  entityName: 'people',
  sourceName: 'shop.people',
  columns: [
    { name: 'name', type: 'Text' as const, path: 'name' },
    { name: 'n', type: 'Integer' as const, path: 'n', whenRefused: 'dead-letter' as const },
  ],
};

/** Files below a directory that have the canary, by name. */
function filesWithCanary(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
  return files.filter((file) => readFileSync(file).includes(canary)).map((file) => path.relative(directory, file));
}

/** The files of the database in which the oplog is, as a checkpoint leaves them. The write-ahead log is elsewhere. */
async function tablesWithCanary(stack: Stack, { analyze }: { readonly analyze: boolean }): Promise<string[]> {
  const database = openDatabase({ url: stack.databaseUrl });
  try {
    if (analyze) await database.pool.query('ANALYZE');
    await database.pool.query('CHECKPOINT');
    const answer = await database.pool.query<{ directory: string }>(
      `SELECT current_setting('data_directory') || '/base/' || oid AS directory FROM pg_database WHERE datname = current_database()`,
    );
    return filesWithCanary(answer.rows[0]?.directory ?? '');
  } finally {
    await database.close();
  }
}

test('an erasure leaves no value of the documents in any file of the oplog and of the caches, and says where it could not look', async () => {
  await using stack = await createStack();
  const people = stack.mongo.db('shop').collection<{ _id: number }>('people');
  const erased = [7, 8];
  await people.insertMany(Array.from({ length: 400 }, (_, _id) => ({ _id, name: `name ${_id}`, n: _id })));
  await people.updateMany({ _id: { $in: erased } }, { $set: { name: `${canary} of the scan` } });
  await using leader = await stack.engine();
  const { api } = leader;
  await api.create(shape);
  await api.untilLive('people');
  const awayDirectory = path.join(stack.dataDir, '..', 'away');
  const away = { EMCACHERS_ROLES: 'replicate,api', EMCACHERS_NODE_ID: 'away', EMCACHERS_DATA_DIR: awayDirectory };
  {
    await using node = await stack.engine(away);
    await eventually(
      async () => ((await node.api.entity('people')).cachePath === null ? null : true),
      'its first cache',
    );
  }
  // A node that was killed some time ago.
  await runOnServer(
    stack.databaseUrl,
    `INSERT INTO node (id, roles, host, heartbeat_at) VALUES ('silent', '{replicate}', 'h', now() - interval '1 hour');
     INSERT INTO node_offset (node_id, entity_id, state, reported_at) SELECT 'silent', id, 'level', now() - interval '1 hour' FROM entity`,
  );
  await people.updateMany({ _id: { $in: erased } }, { $set: { name: `${canary} changed` } });
  await people.updateOne({ _id: 8 }, { $set: { n: `${canary} is no number` } });
  await api.untilLive('people');
  expect(filesWithCanary(stack.dataDir)).not.toEqual([]);
  expect(filesWithCanary(awayDirectory)).not.toEqual([]);
  expect(await tablesWithCanary(stack, { analyze: true })).not.toEqual([]);

  const ask = (ids: readonly unknown[]) => api.request('POST', '/api/v1/entities/people/erase', { body: { ids } });
  const refused = await ask(erased);
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([409, 'EMC-5013']);

  await people.deleteMany({ _id: { $in: erased } });
  const { jobId } = (await (await ask(erased)).json()) as { jobId: string };
  const isOver = async (): Promise<JobView | null> => {
    const job = (await (await api.request('GET', `/api/v1/jobs/${jobId}`)).json()) as JobView;
    return job.status === 'queued' || job.status === 'running' ? null : job;
  };
  // Superseded files are deleted after half a minute.
  const job = await eventually(isOver, 'the erasure').catch(() => eventually(isOver, 'the erasure'));
  expect(job).toMatchObject({ status: 'succeeded', errorCode: null });
  expect(job.message).toMatch(/^Erased 2 documents\. PostgreSQL: removed 5 entries/);
  expect(job.message).toContain('their tables were written anew');
  expect(job.message).toContain('built again without older files on test-node');
  // A node that has just stopped may still be listed.
  expect(job.message).toMatch(/Not looked at: (?:away, )?silent, which did not report/);
  expect(filesWithCanary(stack.dataDir)).toEqual([]);
  expect(await tablesWithCanary(stack, { analyze: false })).toEqual([]);
  expect((await api.entity('people')).documents).toBe(398);

  await using _returned = await stack.engine(away);
  const cleaned = async () => (filesWithCanary(awayDirectory).length === 0 ? true : null);
  await eventually(cleaned, 'the files of the node that was away').catch(() => eventually(cleaned, 'its files'));
}, 240_000);
