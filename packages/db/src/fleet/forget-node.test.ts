import { expect, test } from 'vitest';
import { readAudit } from '../control/audit.ts';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { forgetNode, forgetSilentNodes } from './forget-node.ts';

test('a node is forgotten with its reports if it has left or is silent, and not while it runs', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  await database.pool.query(
    `INSERT INTO node (id, roles, host, heartbeat_at, left_at) VALUES
       ('running', '{}', 'here', now(), NULL), ('left', '{}', 'here', now(), now()),
       ('silent', '{}', 'here', now() - interval '11 seconds', NULL), ('old', '{}', 'here', now() - interval '3 hours', NULL)`,
  );
  const asker = { actor: 'api', correlationId: 'c-1' } as const;
  expect(await forgetNode(database.pool, 'running', asker)).toBe(false);
  expect(await forgetNode(database.pool, 'left', asker)).toBe(true);
  expect(await forgetNode(database.pool, 'silent', asker)).toBe(true);
  expect(await forgetNode(database.pool, 'silent', asker)).toBe(true);
  await forgetSilentNodes(database.pool, 4);
  const names = async (): Promise<unknown> => (await database.pool.query('SELECT id FROM node ORDER BY id')).rows;
  expect(await names()).toEqual([{ id: 'old' }, { id: 'running' }]);
  await forgetSilentNodes(database.pool, 2);
  expect(await names()).toEqual([{ id: 'running' }]);
  const filter = { before: null, entityName: null, action: null, limit: 10 };
  expect(await readAudit(database.pool, filter)).toMatchObject([
    { actor: 'engine', action: 'forgetNode', detail: { nodeId: 'old' }, correlationId: null },
    { actor: 'api', action: 'forgetNode', detail: { nodeId: 'silent' }, correlationId: 'c-1' },
    { actor: 'api', action: 'forgetNode', detail: { nodeId: 'left' }, correlationId: 'c-1' },
  ]);
  await database.close();
});
