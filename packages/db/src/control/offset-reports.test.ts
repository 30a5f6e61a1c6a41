import { expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { writeHeartbeat } from '../fleet/node-heartbeat.ts';
import { readDeadLetters } from '../fleet/read-dead-letters.ts';
import { createTestDatabase } from '../testing.ts';
import { createEntity } from './entities.ts';
import { listOffsets, type OffsetReport, reportOffsets } from './offset-reports.ts';

const report: Omit<OffsetReport, 'entityId'> = {
  offset: 2 ** 40,
  documents: 5,
  fileBytes: null,
  generation: 7,
  published: true,
  state: 'level',
  appliedTotal: 12,
  lastAppliedAtMs: 1_700_000_000_123,
  sourceTimeMs: 1_700_000_000_001,
  errorCode: null,
  error: null,
  path: '/tmp/a "b"/db.sqlite',
};

test('a node reports all its caches at once; reports for deleted entities are ignored', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const columns = [{ name: 'n', type: 'Integer' as const, path: 'n' }];
  const { entityId } = await createEntity(database, { entityName: 'orders', sourceName: 'shop.orders', columns });
  await writeHeartbeat(database.pool, { nodeId: 'one', roles: ['replicate'], host: 'here', startedAtMs: 0 });
  const reports = [
    { ...report, entityId },
    { ...report, entityId: 999 },
  ];
  await reportOffsets(database, { nodeId: 'one', reports });
  expect(await listOffsets(database)).toMatchObject([{ ...report, entityId, nodeId: 'one' }]);
  await reportOffsets(database, {
    nodeId: 'one',
    reports: [{ ...report, entityId, offset: null, error: "it's full" }],
  });
  expect(await listOffsets(database)).toMatchObject([{ offset: null, error: "it's full" }]);
  await database.close();
});

test('the report of a node that is not registered is ignored until its next heartbeat', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const columns = [{ name: 'n', type: 'Integer' as const, path: 'n' }];
  const { entityId } = await createEntity(database, { entityName: 'orders', sourceName: 'shop.orders', columns });
  const reports = [{ ...report, entityId }];
  await reportOffsets(database, { nodeId: 'one', reports });
  expect(await listOffsets(database)).toEqual([]);
  await writeHeartbeat(database.pool, { nodeId: 'one', roles: ['replicate'], host: 'here', startedAtMs: 0 });
  await reportOffsets(database, { nodeId: 'one', reports });
  expect(await listOffsets(database)).toMatchObject(reports);
  await database.close();
});

test('an unreachable server is EMC-3001 through Prisma as well', async () => {
  const database = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' });
  await expect(readDeadLetters(database, { entityId: 1, limit: 1 })).rejects.toThrow(/EMC-3001.*DATABASE_URL/);
  await database.close();
});
