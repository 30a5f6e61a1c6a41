import { expect, test } from 'vitest';
import { createEntity } from '../control/entities.ts';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { rewriteTables } from './rewrite-tables.ts';

test('a table whose removed rows an older transaction still sees is named as not written anew, and is written once that has ended', async () => {
  await using created = await createTestDatabase();
  const database = openDatabase({ url: created.url });
  const { pool } = database;
  try {
    const columns = [{ name: 'n', type: 'Integer' as const, path: 'n' }];
    const { entityId } = await createEntity(database, { entityName: 'orders', sourceName: 'shop.orders', columns });
    await pool.query(
      `INSERT INTO dead_letter (entity_id, doc_id, error_code, reason) VALUES ($1, 'a', 'EMC-6001', 'secret')`,
      [entityId],
    );
    const reader = await pool.connect();
    try {
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await reader.query('SELECT 1 FROM leader');
      await pool.query('DELETE FROM dead_letter');
      expect(await rewriteTables(pool)).toEqual(['dead_letter']);
    } finally {
      reader.release(true);
    }
    await expect.poll(() => rewriteTables(pool), { timeout: 15_000 }).toEqual([]);
  } finally {
    await database.close();
  }
});
