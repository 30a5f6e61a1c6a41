import { expect, test } from 'vitest';
import { until } from '../../../test/support/test-ingest.ts';
import { openTestOplog } from '../../../test/support/test-oplog.ts';

test('a connection that is lost while the leftovers of earlier runs are removed is EMC-3001, not a defect of the entity', async () => {
  await using oplog = await openTestOplog();
  const { entityId, runId } = await oplog.create('orders');
  const { pool } = oplog.database;
  const blocker = await pool.connect();
  await blocker.query('BEGIN; LOCK TABLE oplog_staging IN ACCESS EXCLUSIVE MODE');
  const beginning = oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
  beginning.catch(() => undefined);
  const ended = async (): Promise<boolean> => {
    const answer = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DELETE FROM oplog_staging%'`,
    );
    return (answer.rowCount ?? 0) > 0;
  };
  await until(ended);
  await blocker.query('ROLLBACK');
  blocker.release();
  await expect(beginning).rejects.toMatchObject({ code: 'EMC-3001' });
});
